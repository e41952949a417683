"""A margin in its place in rows of cosines; ArcFace's own is elsewhere."""

import math

import keras
import numpy as np
import pytest
from gradients import value_and_gradients
from keras import ops

from keras_sphereface.ops import curricularface_values

COSINES = np.float32([[0.1, -0.5, 0.9], [0.3, 0.2, -1.0], [0.0, 1.0, 0.4]])
LABELS = np.int32([2, 0, 2])


def values(cos_theta, **kwargs):
    return curricularface_values(
        ops.convert_to_tensor(cos_theta),
        ops.convert_to_tensor(LABELS),
        **kwargs,
    )


def test_only_hard_negatives_are_curricular():
    # Margin 0: a class is hard if it is nearer than the true one. Hardness
    # 0.5 multiplies its cosine by 0.5 more than the cosine.
    found = values(COSINES, margin=0.0, hardness=0.5)
    expected = [[0.1, -0.5, 0.9], [0.3, 0.2, -1.0], [0.0, 1.5, 0.4]]
    np.testing.assert_allclose(ops.convert_to_numpy(found), expected, atol=1e-5)


def test_the_margin_of_the_true_class_makes_negatives_hard():
    # 60 degrees and a margin of 60: what is nearer than 120 is hard.
    cosines = np.float32([[0.4, -0.6, 0.5]] * 3)
    found = ops.convert_to_numpy(
        values(cosines, margin=math.pi / 3, hardness=0.2)
    )
    np.testing.assert_allclose(found[0], [0.4 * 0.6, -0.6, -0.5], atol=1e-5)


@pytest.mark.parametrize("hardness", [0.0, 0.7])
def test_slopes_are_those_of_the_values(hardness):
    variable = keras.Variable(COSINES)
    _, (gradient,) = value_and_gradients(
        lambda: ops.sum(values(variable, margin=0.0, hardness=hardness)),
        [variable],
    )
    expected = np.ones((3, 3))
    expected[2, 1] = hardness + 2 * 1.0  # of c (t + c), at c = 1
    np.testing.assert_allclose(gradient, expected, atol=1e-5)
