import keras
import numpy as np
import pytest

from keras_sphereface.layers import GroupedConv2D


def convolve_loop(images, kernel, groups):
    """One convolution per group in float64, without padding."""
    size, _, group_inputs, filters = kernel.shape
    rows = images.shape[1] - size + 1
    columns = images.shape[2] - size + 1
    outputs = np.zeros((len(images), rows, columns, filters))
    for channel in range(filters):
        group = channel // (filters // groups)
        part = images[..., group * group_inputs : (group + 1) * group_inputs]
        for row in range(rows):
            for column in range(columns):
                window = part[:, row : row + size, column : column + size]
                outputs[:, row, column, channel] = np.sum(
                    window * kernel[..., channel], axis=(1, 2, 3)
                )
    return outputs


@pytest.mark.parametrize(("groups", "filters"), [(1, 4), (2, 6), (3, 3)])
def test_each_group_sees_only_its_own_channels(groups, filters):
    random = np.random.default_rng(0)
    layer = GroupedConv2D(filters, 3, groups=groups)
    images = random.normal(size=(2, 5, 4, 6)).astype("float32")
    layer.build(images.shape)
    kernel = random.normal(size=(3, 3, 6 // groups, filters))
    bias = random.normal(size=filters)
    layer.set_weights([kernel, bias])
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(layer(images)),
        convolve_loop(images, kernel, groups) + bias,
        atol=1e-4,  # float32 sums of up to 54 terms of size 1
    )


def test_saves_and_loads_inside_a_model(tmp_path):
    model = keras.Sequential(
        [keras.Input((5, 4, 6)), GroupedConv2D(4, 3, groups=2, padding="same")]
    )
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert isinstance(loaded.layers[0], GroupedConv2D)
    images = np.random.default_rng(0).normal(size=(2, 5, 4, 6))
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(loaded(images)),
        keras.ops.convert_to_numpy(model(images)),
    )


def test_channels_first_is_an_error():
    with pytest.raises(ValueError, match="`data_format`"):
        GroupedConv2D(4, 3, groups=2, data_format="channels_first")
