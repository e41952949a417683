import pytest

from keras_sphereface.training import DataConfig


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sampling": "all"}, r"`sampling` must be one of"),
        ({"augmentation": ("adaface", "blur")}, r"`augmentation`.*'blur'"),
        ({"min_images": 3}, r"read by sampling 'balanced' only"),
        ({"images_per_identity": 8}, r"read by sampling 'identity' only"),
        ({"sampling": "identity", "min_images": 2}, r"sampling='identity'"),
        ({"sampling": "identity", "images_per_identity": 1}, r"at least 2"),
        ({"synthetic_pairs": 1}, r"`synthetic_pairs`.*at least 2"),
        ({"identities": "x.json"}, r"`identities` needs `folder`"),
        ({"leave_out": "x.csv"}, r"`leave_out` needs `folder`"),
        ({"folder": "a", "pairs": "b.txt"}, r"`pairs` and `pairs_root`"),
        ({"folder": "a", "pairs_root": "b"}, r"`pairs` and `pairs_root`"),
        ({"pairs": "b.bin"}, r"`pairs` needs `folder`"),
        ({"stored_size": (112, 112)}, r"`stored_size` needs `folder`"),
        ({"folder": "a", "pairs": 3}, r"`pairs` must be a path"),
        (
            {"folder": "a", "pairs": ("b.bin", "c.bin"), "main_pairs": "d"},
            r"`main_pairs` must be one of \['b', 'c'\]",
        ),
    ],
)
def test_a_setting_that_cannot_be_is_named(settings, message):
    with pytest.raises(ValueError, match=message):
        DataConfig(**settings)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"sampling": "balanced", "min_images": 3},
        {"folder": "a"},
        {"folder": "a", "identities": "x.json"},
        {"folder": "a", "leave_out": "x.csv"},
        {"folder": "a", "stored_size": (112, 112)},
        {"folder": "a", "pairs": "b.bin"},  # has images of its own
        {"folder": "a", "pairs": "b.txt", "pairs_root": "c"},
        {"folder": "a", "pairs": ("b.bin", "c.bin"), "main_pairs": "c"},
        {"folder": "a", "pairs": {"x": "b.txt"}, "pairs_root": {"x": "c"}},
    ],
)
def test_what_belongs_together_is_a_config(settings):
    config = DataConfig(**settings)
    for name, value in settings.items():
        assert getattr(config, name) == value
