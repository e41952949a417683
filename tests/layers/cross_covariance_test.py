import keras
import numpy as np
import pytest

from keras_sphereface.layers import CrossCovariance


def attend_loop(tokens, temperature):
    """One image, channel by channel, in float64."""
    count, channels = tokens.shape[0], tokens.shape[1] // 3
    query, key, value = np.split(tokens.astype("float64"), 3, axis=1)
    size = channels // len(temperature)
    outputs = np.zeros((count, channels))
    for channel in range(channels):
        head = channel // size
        others = range(head * size, (head + 1) * size)
        scores = []
        for other in others:
            a, b = query[:, channel], key[:, other]
            lengths = np.sqrt(sum(a**2)) * np.sqrt(sum(b**2))
            scores.append(temperature[head] * sum(a * b) / lengths)
        weights = np.exp(scores) / np.exp(scores).sum()
        for weight, other in zip(weights, others, strict=True):
            outputs[:, channel] += weight * value[:, other]
    return outputs


def with_temperature(num_heads, shape, dtype="float32"):
    layer = CrossCovariance(num_heads, dtype=dtype)
    layer.build(shape)
    temperature = np.linspace(0.5, 4.0, num_heads)
    layer.set_weights([temperature.reshape(-1, 1, 1)])
    return layer, temperature


@pytest.mark.parametrize("num_heads", [1, 3])
@pytest.mark.parametrize("places", [(5,), (2, 4)])
def test_attends_as_a_float64_loop(num_heads, places):
    random = np.random.default_rng(0)
    inputs = random.normal(size=(2, *places, 18)).astype("float32")
    layer, temperature = with_temperature(num_heads, inputs.shape)
    outputs = keras.ops.convert_to_numpy(layer(inputs))
    assert outputs.shape == layer.compute_output_shape(inputs.shape)
    expected = [attend_loop(x.reshape(-1, 18), temperature) for x in inputs]
    np.testing.assert_allclose(
        outputs.reshape(2, -1, 6), expected, rtol=1e-5, atol=1e-5
    )


def test_half_precision_does_not_overflow_where_squares_would():
    # 256 tokens of 200 have a sum of squares of 1e7; float16 ends at 65,504.
    random = np.random.default_rng(0)
    inputs = 200 * random.normal(size=(1, 256, 12)).astype("float32")
    layer, temperature = with_temperature(2, inputs.shape, "mixed_float16")
    outputs = keras.ops.convert_to_numpy(layer(inputs)).astype("float64")
    expected = attend_loop(inputs[0], temperature)
    # A float16 has 11 bits: 5e-4 of the largest value, and some roundings.
    np.testing.assert_allclose(outputs[0], expected, atol=2e-3 * 600)


def test_a_channel_of_zeros_attends_to_all_equally():
    inputs = np.ones((1, 4, 6), "float32")
    inputs[..., :2] = 0
    inputs[..., 4:] = [1.0, 3.0]
    layer, _ = with_temperature(1, inputs.shape)
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(layer(inputs)), np.full((1, 4, 2), 2.0)
    )


def test_saves_and_loads_inside_a_model(tmp_path):
    model = keras.Sequential([keras.Input((2, 3, 12)), CrossCovariance(2)])
    model.layers[0].set_weights([np.float32([[[2.0]], [[3.0]]])])
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    inputs = np.random.default_rng(0).normal(size=(2, 2, 3, 12))
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(loaded(inputs.astype("float32"))),
        keras.ops.convert_to_numpy(model(inputs.astype("float32"))),
    )


@pytest.mark.parametrize("num_heads", [0, 1.5])
def test_wrong_number_of_heads_is_an_error(num_heads):
    with pytest.raises(ValueError, match="`num_heads` must be an int"):
        CrossCovariance(num_heads)


def test_heads_must_divide_the_channels():
    with pytest.raises(ValueError, match="`num_heads` must divide a third"):
        CrossCovariance(4).build((None, 5, 18))
