import pytest

from keras_sphereface.training.verified_pairs import verified_pairs


@pytest.mark.parametrize(
    ("pairs", "pairs_root", "expected"),
    [
        (None, None, {}),
        ((), None, {}),
        ("a/lfw.bin", None, {"lfw.bin": ("a/lfw.bin", None)}),
        ("pairs.txt", "lfw", {"pairs.txt": ("pairs.txt", "lfw")}),
        # A CSV has a folder of its own, unless it is told of another.
        ("pairs.csv", "lfw", {"pairs.csv": ("pairs.csv", "lfw")}),
        (
            ("lfw.bin", "b/cfp_fp.bin"),
            None,
            {"lfw": ("lfw.bin", None), "cfp_fp": ("b/cfp_fp.bin", None)},
        ),
        (
            ["pairs.txt", "agedb.bin"],
            "lfw",
            {"pairs": ("pairs.txt", "lfw"), "agedb": ("agedb.bin", None)},
        ),
        (
            {"LFW": "a/pairs.txt", "CALFW": "b/pairs.txt"},
            {"LFW": "a", "CALFW": "b"},
            {"LFW": ("a/pairs.txt", "a"), "CALFW": ("b/pairs.txt", "b")},
        ),
    ],
)
def test_each_set_has_a_name_a_file_and_a_folder(pairs, pairs_root, expected):
    assert verified_pairs(pairs, pairs_root) == expected


@pytest.mark.parametrize(
    ("main_pairs", "expected"),
    [(None, ["a", "b", "c"]), ("a", ["a", "b", "c"]), ("c", ["c", "a", "b"])],
)
def test_the_main_set_comes_first(main_pairs, expected):
    files = ("a.bin", "b.bin", "c.bin")
    assert list(verified_pairs(files, None, main_pairs)) == expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((("a/pairs.bin", "b/pairs.bin"),), r"different file names, or a dict"),
        ((3,), r"`pairs` must be a path.*pairs=3"),
        (("",), r"`pairs` must be a path.*pairs=''"),
        ((("a.bin", 3),), r"`pairs` must be a path.*3\)"),
        (({"a": 3},), r"`pairs` must be a path"),
        (({3: "a.bin"},), r"`pairs` must be a path"),
        (("pairs.txt",), r"`pairs` and `pairs_root` belong together"),
        ((None, "lfw"), r"`pairs` and `pairs_root` belong together"),
        ((("a.txt", "b.bin"), {"b": "c"}), r"belong together"),
        (
            ("a.txt", {"b": "c"}),
            r"`pairs_root` is a dict by the name.*\['a.txt'\].*'b'",
        ),
        (
            (("a.bin", "b.bin"), None, "c"),
            r"`main_pairs` must be one of \['a', 'b'\].*'c'",
        ),
        ((None, None, "c"), r"`main_pairs` must be one of \[\]"),
    ],
)
def test_what_does_not_belong_together_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        verified_pairs(*arguments)
