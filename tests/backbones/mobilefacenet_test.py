import keras
import pytest
from multiply_adds import count_multiply_adds, count_trainable

from keras_sphereface.backbones import mobilefacenet, mobilefacenet_small

# Table 1 of Chen et al., 2018: expansion, channels, repeats, stride.
BOTTLENECKS = [
    (2, 64, 5, 2),
    (4, 128, 1, 2),
    (2, 128, 6, 1),
    (4, 128, 1, 2),
    (2, 128, 2, 1),
]


def convolutions(height, width):
    """`(weights, output channels, height, width)` of each, from the table."""
    height, width = height // 2, width // 2
    yield 9 * 3 * 64, 64, height, width
    yield 9 * 64, 64, height, width
    channels = 64
    for expansion, filters, repeats, stride in BOTTLENECKS:
        for repeat in range(repeats):
            wide = expansion * channels
            yield channels * wide, wide, height, width
            if repeat == 0:
                height, width = height // stride, width // stride
            yield 9 * wide, wide, height, width
            yield wide * filters, filters, height, width
            channels = filters
    yield channels * 512, 512, height, width


@pytest.mark.parametrize("width", [112, 96])
def test_size_follows_the_table_of_the_paper(width):
    rows = list(convolutions(112, width))
    weights = sum(row[0] for row in rows)
    work = sum(w * h * v for w, _, h, v in rows)
    model = mobilefacenet((112, width, 3))
    assert model.output_shape == (None, 7, width // 16, 512)
    assert count_multiply_adds(model) == work
    normalized = sum(row[1] for row in rows)  # a batch norm after each
    # A PReLU after each but the fifteen linear projections.
    slopes = normalized - (5 * 64 + 10 * 128)
    assert count_trainable(model) == weights + 2 * normalized + slopes


def test_twelve_of_fifteen_bottlenecks_add_their_input():
    # Those that keep the channels and the size of the map: all but the first
    # of the stages with stride 2.
    adds = [
        layer.name
        for layer in mobilefacenet((32, 32, 3)).layers
        if isinstance(layer, keras.layers.Add)
    ]
    assert adds == (
        [f"stage1_block{block}_add" for block in (2, 3, 4, 5)]
        + [f"stage3_block{block}_add" for block in (1, 2, 3, 4, 5, 6)]
        + [f"stage5_block{block}_add" for block in (1, 2)]
    )


def test_layer_names_are_systematic():
    model = mobilefacenet((32, 32, 3))
    names = [layer.name for layer in model.layers]
    assert names[1:8] == [
        "stem_pad",
        "stem",
        "stem_bn",
        "stem_act",
        "stem_depthwise",
        "stem_depthwise_bn",
        "stem_depthwise_act",
    ]
    assert [name for name in names if name.startswith("stage2_block1")] == [
        "stage2_block1_expand",
        "stage2_block1_expand_bn",
        "stage2_block1_expand_act",
        "stage2_block1_depthwise_pad",
        "stage2_block1_depthwise",
        "stage2_block1_depthwise_bn",
        "stage2_block1_depthwise_act",
        "stage2_block1_project",
        "stage2_block1_project_bn",
    ]
    assert names[-3:] == ["top", "top_bn", "top_act"]


@pytest.mark.parametrize(
    ("width_multiplier", "stem", "top"),
    [(0.5, 32, 256), (0.3, 16, 152), (0.01, 8, 8), (1.5, 96, 768)],
)
def test_width_multiplier_scales_all_channels_in_steps_of_eight(
    width_multiplier, stem, top
):
    # 0.3 * 64 = 19.2 and 0.3 * 512 = 153.6, to the nearest multiple of 8
    model = mobilefacenet((32, 32, 3), width_multiplier=width_multiplier)
    assert model.get_layer("stem").filters == stem
    assert model.output_shape[-1] == top
    channels = [
        layer.filters
        for layer in model.layers
        if type(layer) is keras.layers.Conv2D
    ]
    assert all(count % 8 == 0 for count in channels)


@pytest.mark.parametrize("build", [mobilefacenet, mobilefacenet_small])
@pytest.mark.parametrize("width_multiplier", [0, -1.0])
def test_width_multiplier_must_be_above_zero(build, width_multiplier):
    with pytest.raises(ValueError, match="`width_multiplier` must be above 0"):
        build((32, 32, 3), width_multiplier=width_multiplier)


@pytest.mark.parametrize("build", [mobilefacenet, mobilefacenet_small])
def test_activation_can_be_chosen(build):
    for activation, kind in (
        ("relu", keras.layers.ReLU),
        ("prelu", keras.layers.PReLU),
    ):
        layers = build((32, 32, 3), activation=activation).layers
        activations = [x for x in layers if x.name.endswith("_act")]
        assert activations
        assert all(isinstance(layer, kind) for layer in activations)


@pytest.mark.parametrize("build", [mobilefacenet, mobilefacenet_small])
def test_without_batch_norm_every_convolution_has_a_bias(build):
    layers = build((32, 32, 3), batch_norm=False).layers
    assert not any(x.name.endswith("_bn") for x in layers)
    assert all(x.use_bias for x in layers if hasattr(x, "use_bias"))
