import keras
import numpy as np
import pytest
from keras import ops

from keras_sphereface.backend.host_arrays import draw_columns


def draw(*args, seed=0, **kwargs):
    keras.utils.set_random_seed(seed)
    return ops.convert_to_numpy(draw_columns(*args, **kwargs))


def test_numbers_are_normal_of_the_asked_deviation():
    numbers = draw((64, 5000), deviation=0.125)
    assert numbers.dtype == "float32"
    assert numbers.mean() == pytest.approx(0.0, abs=1e-3)
    assert numbers.std() == pytest.approx(0.125, rel=0.01)
    # No block repeats another.
    assert len(np.unique(numbers)) > 0.95 * numbers.size


def test_the_seed_decides_and_the_padding_does_not():
    plain = draw((4, 7), deviation=1.0)
    padded = draw((4, 7), deviation=1.0, padding=2)
    np.testing.assert_array_equal(padded[:, :7], plain)
    np.testing.assert_array_equal(padded[:, 7:], 0)
    assert not np.array_equal(draw((4, 7), seed=1, deviation=1.0), plain)


def test_further_axes_are_drawn_too():
    numbers = draw((5, 3, 2), deviation=1.0, padding=1)
    assert numbers.shape == (5, 4, 2)
    assert len(np.unique(numbers[:, :3])) == 30


def test_a_variable_of_it_may_be_written_to():
    variable = keras.Variable(
        lambda shape, dtype: draw_columns(shape, deviation=1.0, dtype=dtype),
        shape=(3, 4),
        dtype="float32",
    )
    variable.assign(2.0 * variable + 1.0)
    variable.assign(ops.zeros((3, 4)))
    np.testing.assert_array_equal(ops.convert_to_numpy(variable), 0)
