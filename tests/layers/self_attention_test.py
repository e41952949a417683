import keras
import numpy as np
import pytest

from keras_sphereface.layers import SelfAttention, TokenPositions


def attend_loop(tokens, qkv, kernel, bias, num_heads):
    """One image, head by head and token by token, in float64."""
    count, channels = tokens.shape
    size = channels // num_heads
    query, key, value = np.split(tokens @ qkv, 3, axis=1)
    outputs = np.zeros((count, channels))
    for head in range(num_heads):
        part = slice(head * size, (head + 1) * size)
        for token in range(count):
            scores = [
                query[token, part] @ key[other, part] / np.sqrt(size)
                for other in range(count)
            ]
            weights = np.exp(scores) / np.exp(scores).sum()
            outputs[token, part] = weights @ value[:, part]
    return outputs @ kernel + bias


@pytest.mark.parametrize("num_heads", [1, 3])
def test_attends_as_a_float64_loop(num_heads):
    random = np.random.default_rng(0)
    layer = SelfAttention(num_heads)
    tokens = random.normal(size=(2, 5, 6))
    layer.build(tokens.shape)
    weights = [random.normal(size=w.shape) for w in layer.get_weights()]
    layer.set_weights(weights)
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(layer(tokens.astype("float32"))),
        [attend_loop(image, *weights, num_heads) for image in tokens],
        rtol=1e-4,
        atol=1e-4,
    )


def test_saves_and_loads_inside_a_model(tmp_path):
    model = keras.Sequential(
        [keras.Input((5, 6)), TokenPositions(), SelfAttention(2)]
    )
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    tokens = np.random.default_rng(0).normal(size=(2, 5, 6)).astype("float32")
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(loaded(tokens)),
        keras.ops.convert_to_numpy(model(tokens)),
    )


@pytest.mark.parametrize("num_heads", [0, 1.5])
def test_wrong_number_of_heads_is_an_error(num_heads):
    with pytest.raises(ValueError, match="`num_heads`"):
        SelfAttention(num_heads)


def test_heads_must_divide_the_channels():
    with pytest.raises(ValueError, match="`num_heads` must divide the 6"):
        SelfAttention(4).build((None, 5, 6))
