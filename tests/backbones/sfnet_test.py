import keras
import numpy as np
import pytest
from multiply_adds import count_multiply_adds, count_trainable

from keras_sphereface.backbones import sfnet, sfnet4, sfnet10, sfnet20

# Residual blocks of each stage: table 2 of Liu et al., 2017.
BLOCKS = {
    4: (0, 0, 0, 0),
    10: (0, 1, 2, 0),
    20: (1, 2, 4, 1),
    36: (2, 4, 8, 2),
    64: (3, 8, 16, 3),
}


def convolutions(blocks, height, width):
    """`(in, out, height, width)` of each 3x3 convolution, from the table."""
    channels = 3
    for filters, num_blocks in zip((64, 128, 256, 512), blocks, strict=True):
        height, width = height // 2, width // 2
        yield channels, filters, height, width
        for _ in range(2 * num_blocks):
            yield filters, filters, height, width
        channels = filters


@pytest.mark.parametrize(
    ("depth", "width"),
    [
        (4, 112),
        (10, 96),
        (20, 112),
        pytest.param(36, 96, marks=pytest.mark.slow),
        pytest.param(64, 112, marks=pytest.mark.slow),
    ],
)
def test_size_follows_the_table_of_the_paper(depth, width):
    rows = list(convolutions(BLOCKS[depth], 112, width))
    assert len(rows) == depth
    kernels = sum(9 * i * o for i, o, _, _ in rows)
    channels = sum(o for _, o, _, _ in rows)
    work = sum(9 * i * o * h * w for i, o, h, w in rows)

    plain = sfnet(BLOCKS[depth], (112, width, 3), batch_norm=False)
    assert plain.output_shape == (None, 7, width // 16, 512)
    assert count_trainable(plain) == kernels + channels  # and biases
    assert count_multiply_adds(plain) == work

    normalized = sfnet(BLOCKS[depth], (112, width, 3), batch_norm=True)
    assert count_trainable(normalized) == kernels + 2 * channels
    assert normalized.count_params() == kernels + 4 * channels


def test_docstring_says_the_size():
    # Kernels and work of the table, in millions and in thousand millions.
    for depth, blocks in BLOCKS.items():
        rows = list(convolutions(blocks, 112, 112))
        parameters = sum(9 * i * o for i, o, _, _ in rows) / 1e6
        work = sum(9 * i * o * h * w for i, o, h, w in rows) / 1e9
        line = f"| SFNet-{depth} | {parameters:.1f} M | {work:.2f} G |"
        assert line in sfnet.__doc__


def residual_block_loop(inputs, first, second, before):
    """One residual block whose convolutions only scale their input."""
    branch = np.maximum(first * inputs, 0) * second
    if before:
        return inputs + np.maximum(branch, 0)
    return np.maximum(inputs + branch, 0)


@pytest.mark.parametrize("before", [False, True])
def test_activation_falls_after_or_before_the_addition(before):
    model = sfnet(
        (1, 0, 0, 0),
        (16, 16, 3),
        batch_norm=False,
        activate_before_add=before,
    )
    block = keras.Model(
        model.get_layer("stage1_down_act").output,
        model.get_layer(
            "stage1_block1_add" if before else "stage1_block1_act"
        ).output,
    )
    factors = np.random.default_rng(0).choice([-2.0, 0.5], (2, 64))
    for convolution, factor in zip(("conv1", "conv2"), factors, strict=True):
        kernel = np.zeros((3, 3, 64, 64))
        kernel[1, 1] = np.diag(factor)
        block.get_layer(f"stage1_block1_{convolution}").set_weights(
            [kernel, np.zeros(64)]
        )
    inputs = np.random.default_rng(1).normal(size=(2, 8, 8, 64))
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(block(inputs.astype("float32"))),
        residual_block_loop(inputs, *factors, before),
        rtol=1e-5,
        atol=1e-6,
    )


def test_layer_names_are_systematic():
    names = [layer.name for layer in sfnet10((16, 16, 3)).layers]
    assert names[1:5] == [
        "stage1_down_pad",
        "stage1_down",
        "stage1_down_bn",
        "stage1_down_act",
    ]
    last_block = [name for name in names if name.startswith("stage3_block2")]
    assert last_block == [
        "stage3_block2_conv1",
        "stage3_block2_conv1_bn",
        "stage3_block2_conv1_act",
        "stage3_block2_conv2",
        "stage3_block2_conv2_bn",
        "stage3_block2_add",
        "stage3_block2_act",
    ]


def test_network_of_the_2017_paper_has_a_prelu_after_every_convolution():
    model = sfnet20(
        (112, 96, 3),
        batch_norm=False,
        activation="prelu",
        activate_before_add=True,
    )
    kinds = [type(layer).__name__ for layer in model.layers]
    assert kinds.count("Conv2D") == kinds.count("FusedPReLU") == 20
    after = {
        layer.name: following
        for layer, following in zip(model.layers, kinds[1:], strict=False)
        if isinstance(layer, keras.layers.Conv2D)
    }
    assert set(after.values()) == {"FusedPReLU"}


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (False, np.sqrt(2 / (9 * 512))),  # He, fan out
        (True, np.sqrt(2 / (9 * (256 + 512)))),  # Glorot
    ],
)
def test_initial_weights_follow_the_block(before, expected):
    keras.utils.set_random_seed(0)
    model = sfnet4((16, 16, 3), activate_before_add=before)
    kernel = keras.ops.convert_to_numpy(model.get_layer("stage4_down").kernel)
    # 1.2 M normal values: their standard deviation is off by 0.07%.
    np.testing.assert_allclose(kernel.std(), expected, rtol=0.005)


@pytest.mark.parametrize(
    "blocks", [(1, 2, 4), (1, 2, 4, 1, 1), (1, 2, -4, 1), (1, 2, 0.5, 1)]
)
def test_wrong_blocks_are_an_error(blocks):
    with pytest.raises(ValueError, match="`blocks`"):
        sfnet(blocks, (16, 16, 3))
