import math

import keras
import numpy as np
import pytest

from keras_sphereface.layers import FourierPositions


def code_loop(row, column, height, width, num_waves, temperature):
    """The values of one place, counted from 1."""
    values = []
    for place, length in ((row, height), (column, width)):
        turn = place / (length + 1e-6) * 2 * math.pi
        for number in range(num_waves):
            wavelength = temperature ** (2 * (number // 2) / num_waves)
            wave = math.cos if number % 2 else math.sin
            values.append(wave(turn / wavelength))
    return values


def test_each_place_gets_a_linear_map_of_its_waves():
    random = np.random.default_rng(0)
    layer = FourierPositions(num_waves=6, temperature=50.0)
    maps = random.normal(size=(2, 3, 4, 5)).astype("float32")
    layer.build(maps.shape)
    kernel, bias = random.normal(size=(12, 5)), random.normal(size=5)
    layer.set_weights([kernel, bias])
    expected = maps.astype("float64")
    for row in range(3):
        for column in range(4):
            code = code_loop(row + 1, column + 1, 3, 4, 6, 50.0)
            expected[:, row, column] += np.array(code) @ kernel + bias
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(layer(maps)), expected, atol=1e-5
    )


def test_saves_and_loads_inside_a_model(tmp_path):
    model = keras.Sequential(
        [keras.Input((3, 2, 4)), FourierPositions(8, 100.0)]
    )
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    maps = np.random.default_rng(0).normal(size=(2, 3, 2, 4))
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(loaded(maps.astype("float32"))),
        keras.ops.convert_to_numpy(model(maps.astype("float32"))),
    )


@pytest.mark.parametrize(
    ("argument", "value"),
    [("num_waves", 3), ("num_waves", 0), ("temperature", 1.0)],
)
def test_wrong_arguments_are_errors(argument, value):
    with pytest.raises(ValueError, match=f"`{argument}` must be"):
        FourierPositions(**{argument: value})
