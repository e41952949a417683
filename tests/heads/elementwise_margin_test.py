"""A margin of one cosine at a time, as a row and as parts of one."""

import keras
import numpy as np
import pytest
from gradients import value_and_gradients
from keras import ops

from keras_sphereface.heads import ElementwiseMargin

COSINES = np.float32([[0.5, -0.5, 0.25], [1.0, 0.0, -1.0]])
LABELS = np.int32([1, 0])


def squared(x):
    return x * x


def halved(x):
    return 0.5 * x


@pytest.mark.parametrize("detach", [False, True])
@pytest.mark.parametrize(
    ("target", "others", "expected"),
    [
        (None, None, [[0.5, -0.5, 0.25], [1, 0, -1]]),
        (squared, None, [[0.5, 0.25, 0.25], [1, 0, -1]]),
        (None, halved, [[0.25, -0.5, 0.125], [1, 0, -0.5]]),
        (squared, halved, [[0.25, 0.25, 0.125], [1, 0, -0.5]]),
    ],
)
def test_the_row_is_put_together_of_its_parts(target, others, expected, detach):
    margin = ElementwiseMargin(target, others, detach)
    labels = ops.convert_to_tensor(LABELS)
    row = margin.apply(ops.convert_to_tensor(COSINES), labels)
    np.testing.assert_allclose(ops.convert_to_numpy(row), expected)
    own = ops.convert_to_tensor(np.float32([[-0.5], [1.0]]))
    values = ops.convert_to_numpy(margin.target_values(own))
    np.testing.assert_allclose(
        values[:, 0], [row[y] for row, y in zip(expected, LABELS, strict=True)]
    )
    rest = ops.convert_to_numpy(margin.other_values(COSINES))
    for i, j in ((0, 0), (0, 2), (1, 1), (1, 2)):
        assert rest[i, j] == pytest.approx(expected[i][j])


@pytest.mark.parametrize(("detach", "slopes"), [(0, [-1.0, 2.0]), (1, [1, 1])])
def test_a_detached_target_has_the_slope_of_the_cosine(detach, slopes):
    margin = ElementwiseMargin(target=squared, detach=bool(detach))
    variable = keras.Variable(np.float32([[-0.5], [1.0]]))
    _, (gradient,) = value_and_gradients(
        lambda: ops.sum(margin.target_values(ops.convert_to_tensor(variable))),
        [variable],
    )
    np.testing.assert_allclose(gradient[:, 0], slopes)
