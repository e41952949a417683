"""Margins in their places in rows of cosines; the formulas are elsewhere."""

import keras
import numpy as np
import pytest
from gradients import value_and_gradients
from keras import ops

from keras_sphereface.ops import (
    apply_target_margin,
    curricularface_margins,
    elementwise_margins,
    is_target,
    target_cosines,
)

COSINES = np.float32([[0.1, -0.5, 0.9], [0.3, 0.2, -1.0], [0.0, 1.0, 0.4]])
LABELS = np.int32([2, 0, 2])


def doubled(x):
    return 2.0 * x


def cubed(x):
    return x * x * x


def loop(target=None, others=None):
    """Values and slopes of the cosines; functions are `(f, f')`."""
    values, slopes = np.zeros((3, 3)), np.zeros((3, 3))
    for i in range(3):
        for j in range(3):
            function = target if j == LABELS[i] else others
            value, slope = function or (lambda x: x, lambda x: 1.0)
            values[i, j] = value(float(COSINES[i, j]))
            slopes[i, j] = slope(float(COSINES[i, j]))
    return values, slopes


DOUBLED = doubled, lambda x: 2.0
CUBED = cubed, lambda x: 3 * x * x


@pytest.mark.parametrize("detach", [False, True])
@pytest.mark.parametrize(
    ("target", "others"),
    [(None, None), (DOUBLED, None), (None, CUBED), (CUBED, DOUBLED)],
)
def test_each_function_sees_its_own_classes(target, others, detach):
    values, slopes = loop(target, others)
    upstream = np.random.default_rng(0).normal(size=(3, 3)).astype("float32")
    variable = keras.Variable(COSINES)

    def margined():
        return elementwise_margins(
            ops.convert_to_tensor(variable),
            ops.convert_to_tensor(LABELS),
            target=target and target[0],
            others=others and others[0],
            detach=detach,
        )

    found = ops.convert_to_numpy(margined())
    np.testing.assert_allclose(found, values, rtol=1e-6, atol=1e-7)
    _, (gradient,) = value_and_gradients(
        lambda: ops.sum(margined() * ops.convert_to_tensor(upstream)),
        [variable],
    )
    expected = upstream if detach else upstream * slopes
    np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=1e-6)


def test_a_target_margin_is_the_half_of_it():
    found = apply_target_margin(COSINES, LABELS, doubled)
    np.testing.assert_allclose(
        ops.convert_to_numpy(found), loop(DOUBLED)[0], rtol=1e-6
    )


def test_the_true_class_is_found():
    np.testing.assert_array_equal(
        ops.convert_to_numpy(is_target(COSINES, ops.convert_to_tensor(LABELS))),
        [[False, False, True], [True, False, False], [False, False, True]],
    )
    found = target_cosines(COSINES, ops.convert_to_tensor(LABELS))
    np.testing.assert_array_equal(
        ops.convert_to_numpy(found), np.float32([[0.9], [0.3], [0.4]])
    )


def test_only_hard_negatives_are_curricular():
    # Margin 0: a class is hard if it is nearer than the true one. Hardness
    # 0.5 multiplies its cosine by 0.5 more than the cosine.
    found = curricularface_margins(
        ops.convert_to_tensor(COSINES),
        ops.convert_to_tensor(LABELS),
        margin=0.0,
        hardness=0.5,
        detach=False,
    )
    expected = [[0.1, -0.5, 0.9], [0.3, 0.2, -1.0], [0.0, 1.5, 0.4]]
    np.testing.assert_allclose(ops.convert_to_numpy(found), expected, atol=1e-5)
