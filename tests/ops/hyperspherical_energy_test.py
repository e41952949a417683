import math

import keras
import numpy as np
import pytest
from gradients import value_and_gradients
from keras import ops

from keras_sphereface.ops import hyperspherical_energy

# Columns at 0, 90 and 180 degrees, and one more at 0.
CENTERS = np.float32([[2, 0, -3, 5], [0, 1, 0, 0]])


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([0, 1], (2 / math.pi) ** 2),
        ([1, 0, 1, 1, 0], (2 / math.pi) ** 2),  # a pair counts once
        ([0, 1, 2], (2 * (2 / math.pi) ** 2 + (1 / math.pi) ** 2) / 3),
        ([2, 2, 2], 0.0),  # one class
        ([1], 0.0),
    ],
)
def test_is_the_mean_over_pairs_of_classes(labels, expected):
    energy = hyperspherical_energy(
        ops.convert_to_tensor(CENTERS), np.array(labels, "int32")
    )
    assert float(energy) == pytest.approx(expected, rel=3e-3)


def test_is_finite_where_centers_meet_and_zero():
    centers = keras.Variable(np.concatenate([CENTERS, CENTERS * 0], 1))
    labels = np.array([0, 3, 4, 5], "int32")
    energy, (gradient,) = value_and_gradients(
        lambda: hyperspherical_energy(ops.convert_to_tensor(centers), labels),
        [centers],
    )
    assert np.isfinite(energy)
    assert energy > 1000
    assert np.isfinite(gradient).all()
