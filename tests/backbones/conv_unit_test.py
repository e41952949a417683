import keras
import numpy as np
import pytest

from keras_sphereface.backbones.conv_unit import (
    activation_layer,
    batch_normalization,
    conv_unit,
    he_fan_out_normal,
)


def convolve_loop(images, kernel, strides):
    """Cross-correlation in float64 with half a kernel of zeros on each side.

    `kernel` is `[size, size, in, out]`; an `out` of `None` is depthwise.
    """
    size = kernel.shape[0]
    half = size // 2
    padded = np.pad(
        images.astype("float64"), [(0, 0), (half, half), (half, half), (0, 0)]
    )
    rows = (images.shape[1] + 2 * half - size) // strides + 1
    columns = (images.shape[2] + 2 * half - size) // strides + 1
    output = []
    for row in range(rows):
        for column in range(columns):
            top, left = row * strides, column * strides
            window = padded[:, top : top + size, left : left + size]
            output.append(np.einsum("nijc,ijco->no", window, kernel))
    return np.stack(output, 1).reshape(len(images), rows, columns, -1)


def depthwise_as_full(kernel):
    """`[size, size, channels, 1]` as a full kernel, zero between channels."""
    size, _, channels, _ = kernel.shape
    full = np.zeros((size, size, channels, channels))
    for channel in range(channels):
        full[..., channel, channel] = kernel[..., channel, 0]
    return full


def make_unit(shape, filters, **kwargs):
    inputs = keras.Input(shape)
    return keras.Model(inputs, conv_unit(inputs, filters, name="c", **kwargs))


@pytest.mark.parametrize(("height", "width"), [(6, 8), (7, 5)])
@pytest.mark.parametrize("kernel_size", [1, 3, 5])
@pytest.mark.parametrize("strides", [1, 2])
def test_convolution_pads_all_sides_the_same(
    height, width, kernel_size, strides
):
    random = np.random.default_rng(0)
    model = make_unit(
        (height, width, 3),
        4,
        kernel_size=kernel_size,
        strides=strides,
        batch_norm=False,
    )
    kernel = random.normal(size=(kernel_size, kernel_size, 3, 4))
    bias = random.normal(size=4)
    model.get_layer("c").set_weights([kernel, bias])
    images = random.normal(size=(2, height, width, 3)).astype("float32")
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(model(images)),
        convolve_loop(images, kernel, strides) + bias,
        atol=1e-4,  # float32 sums of up to 75 terms of size 1
    )


@pytest.mark.parametrize("strides", [1, 2])
def test_depthwise_convolution_pads_all_sides_the_same(strides):
    random = np.random.default_rng(0)
    model = make_unit((6, 8, 3), None, strides=strides, batch_norm=False)
    kernel = random.normal(size=(3, 3, 3, 1))
    model.get_layer("c").set_weights([kernel, np.zeros(3)])
    images = random.normal(size=(2, 6, 8, 3)).astype("float32")
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(model(images)),
        convolve_loop(images, depthwise_as_full(kernel), strides),
        atol=1e-5,
    )


def test_same_padding_is_that_of_keras():
    model = make_unit((6, 6, 3), 4, strides=2, padding="same")
    assert [layer.name for layer in model.layers[1:]] == ["c", "c_bn"]
    assert model.get_layer("c").padding == "same"


def test_layers_are_named_after_the_unit():
    model = make_unit((6, 6, 3), 4, strides=2, activation="prelu")
    assert [layer.name for layer in model.layers[1:]] == [
        "c_pad",
        "c",
        "c_bn",
        "c_act",
    ]


@pytest.mark.parametrize("filters", [4, None])
def test_batch_norm_takes_the_place_of_the_bias(filters):
    assert not make_unit((6, 6, 3), filters).get_layer("c").use_bias
    without = make_unit((6, 6, 3), filters, batch_norm=False)
    assert without.get_layer("c").use_bias
    assert [layer.name for layer in without.layers[1:]] == ["c"]


def test_batch_norm_is_that_of_pytorch():
    # torch.nn.BatchNorm2d: eps=1e-5, momentum=0.1 on the new value.
    layer = batch_normalization(name="bn")
    images = np.float32([[1.0], [3.0]])
    normalized = layer(images, training=True)
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(normalized),
        [[-1 / np.sqrt(1 + 1e-5)], [1 / np.sqrt(1 + 1e-5)]],
        rtol=1e-6,
    )
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(layer.moving_mean), [0.2], rtol=1e-6
    )


def test_prelu_learns_one_slope_per_channel_from_a_quarter():
    layer = activation_layer("prelu", name="act")
    outputs = layer(np.float32([[[[-4.0, 8.0]]]]))
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(outputs), [[[[-1.0, 8.0]]]]
    )
    assert layer.alpha.shape == (1, 1, 2)


def test_relu_cuts_negative_values():
    outputs = activation_layer("relu", name="act")(np.float32([[-4.0, 8.0]]))
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(outputs), [[0.0, 8.0]]
    )


def test_unknown_activation_is_an_error():
    with pytest.raises(ValueError, match=r"`activation`.*activation='gelu'"):
        activation_layer("gelu", name="act")


@pytest.mark.parametrize(
    ("shape", "fan_out"),
    [((3, 3, 40, 50), 450), ((1, 1, 60, 200), 200), ((3, 3, 2000, 1), 9)],
)
def test_initial_weights_keep_the_variance_of_gradients(shape, fan_out):
    keras.utils.set_random_seed(0)
    weights = keras.ops.convert_to_numpy(he_fan_out_normal()(shape))
    expected = np.sqrt(2 / fan_out)
    # The standard deviation of n normal values is off by 1 / sqrt(2n),
    # at most 0.7% here.
    np.testing.assert_allclose(weights.std(), expected, rtol=0.03)
    assert np.abs(weights).max() > 3 * expected  # the tails are not cut off
