import keras
import numpy as np
import pytest
from multiply_adds import count_multiply_adds, count_trainable

from keras_sphereface import backbones
from keras_sphereface.backbones import edgeface
from keras_sphereface.models import build_embedding_model

TINY = {
    "channels": (8, 12, 16, 24),
    "input_shape": (32, 48, 3),
    "depths": (2, 2, 2, 1),
    "num_heads": 2,
}


@pytest.fixture(scope="module")
def tiny():
    keras.utils.set_random_seed(0)
    return edgeface(**TINY, rank_ratio=0.5, drop_path=0.3, layer_scale=1.0)


# Trainable numbers of timm's `edgenext_x_small` and `edgenext_small` with 512
# values, linear layers of low rank by the authors' `backbones/timmfr.py`;
# operations are those of table 2 of the paper.
@pytest.mark.parametrize(
    ("name", "rank_ratio", "vector", "parameters", "operations"),
    [
        ("edgeface_xs", 0.6, 115, 1_770_492, 154.00e6),
        ("edgeface_s", 0.5, 152, 3_652_520, 306.12e6),
        pytest.param(
            *("edgeface_xs", None, 192, 2_242_620, None),
            marks=pytest.mark.slow,
        ),
        pytest.param(
            *("edgeface_s", None, 304, 5_437_992, None),
            marks=pytest.mark.slow,
        ),
    ],
)
def test_size_and_work_are_those_of_the_authors(
    name, rank_ratio, vector, parameters, operations
):
    embedder = build_embedding_model(name, rank_ratio=rank_ratio)
    backbone = embedder.get_layer(name)
    assert backbone.output_shape == (None, vector)
    assert count_trainable(embedder) == parameters
    assert embedder.count_params() == parameters
    work = count_multiply_adds(embedder)
    if operations is not None:
        # The same for all images, but the authors count it: 14x14 places.
        positions = 14 * 14 * 64 * backbone.get_layer("stage2_down").filters
        # Biases and normalization are the rest.
        assert 0.998 < 2 * (work + positions) / operations < 1
    rank = "full rank" if rank_ratio is None else f"rank {rank_ratio}"
    title = name.removeprefix("edgeface_").upper()
    row = (
        f"| EdgeFace-{title}, {rank} | {parameters / 1e6:.2f} M "
        f"| {work / 1e6:.1f} M |"
    )
    assert row in edgeface.__doc__


def test_published_form_is_what_a_name_alone_gives():
    small = {"image_size": (32, 32), "depths": (1, 1, 1, 1)}
    embedder = build_embedding_model("edgeface_xs", **small)
    kernel, bias = embedder.get_layer("neck_dense").weights
    assert kernel.shape == (115, 512)
    assert bias.shape == (512,)
    assert not any(
        isinstance(layer, keras.layers.BatchNormalization)
        for layer in embedder._flatten_layers()
    )


def test_last_block_of_all_stages_but_the_first_attends(tiny):
    names = {layer.name for layer in tiny.layers}
    attends = {name for name in names if name.endswith("_attention")}
    assert attends == {
        "stage2_block2_attention",
        "stage3_block2_attention",
        "stage4_block1_attention",
    }
    positions = {name for name in names if name.endswith("_positions")}
    assert positions == {"stage2_block2_positions"}


def test_blocks_are_skipped_more_the_deeper_they_are(tiny):
    rates = {
        layer.name: layer.rate
        for layer in tiny.layers
        if isinstance(layer, keras.layers.Dropout)
    }
    assert "stage1_block1_drop" not in rates
    np.testing.assert_allclose(
        [
            rates[f"{block}_drop"]
            for block in (
                *("stage1_block2", "stage2_block1", "stage2_block2"),
                *("stage3_block1", "stage3_block2", "stage4_block1"),
            )
        ],
        [0.05, 0.1, 0.15, 0.2, 0.25, 0.3],
    )
    assert rates["stage4_block1_attention_drop"] == pytest.approx(0.3)


def test_skipped_blocks_are_the_identity_and_the_others_count_more(tiny):
    # Images of a batch are equal, so what differs is which blocks they skip.
    images = np.ones((16, 32, 48, 3), "float32")
    last = tiny.get_layer("stage4_block1_drop")
    branch = np.ones((16, 1, 1, 24), "float32")
    kept = keras.ops.convert_to_numpy(last(branch, training=True))
    values = {tuple(np.unique(image)) for image in kept}
    assert values == {(0.0,), (np.float32(1 / 0.7),)}
    features = keras.ops.convert_to_numpy(tiny(images, training=True))
    assert np.isfinite(features).all()
    assert np.ptp(features, axis=0).max() > 1e-3
    still = keras.ops.convert_to_numpy(tiny(images))
    np.testing.assert_allclose(still, np.tile(still[:1], (16, 1)), atol=1e-5)


def test_no_two_layers_start_with_the_same_kernel(tiny):
    kernels = [
        keras.ops.convert_to_numpy(weight).tobytes()
        for weight in tiny.trainable_weights
        if "kernel" in weight.path
    ]
    assert len(kernels) > 30
    assert len(set(kernels)) == len(kernels)


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("channels", (8, 12, 16)),
        ("channels", (8, 12, 15, 24)),
        ("depths", (1, 1, 0, 1)),
        ("num_heads", 0),
        ("rank_ratio", 1.0),
        ("rank_ratio", 0),
        ("drop_path", 1),
        ("input_shape", (16, 32, 3)),
    ],
)
def test_wrong_arguments_are_errors(argument, value):
    with pytest.raises(ValueError, match=f"`{argument}` must"):
        edgeface(**{**TINY, argument: value})


def test_batch_norm_of_the_backbone_is_an_argument_that_it_does_not_have():
    with pytest.raises(TypeError, match="batch_norm"):
        backbones.get("edgeface_xs", (32, 32, 3), batch_norm=True)
