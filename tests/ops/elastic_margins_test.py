"""Who gets which of the drawn margins, worked by hand."""

import keras
import numpy as np
import pytest
from gradients import value_and_gradients
from keras import ops

from keras_sphereface.ops import largest_for_hardest


def deal(margins, cosines):
    dealt = largest_for_hardest(
        ops.convert_to_tensor(np.float32(margins)[:, None]),
        ops.convert_to_tensor(np.float32(cosines)[:, None]),
    )
    return ops.convert_to_numpy(dealt)[:, 0].tolist()


@pytest.mark.parametrize(
    ("cosines", "expected"),
    [
        # The order of the nearest is 1, 2, 0: no exchange of two, so that a
        # rank taken for a place would show.
        ([0.1, 0.9, 0.5], [3, 1, 2]),
        ([0.9, 0.1, 0.5], [1, 3, 2]),
        ([-0.3, -0.2, -0.1], [3, 2, 1]),
    ],
)
def test_the_farthest_sample_gets_the_largest_margin(cosines, expected):
    for margins in ([1, 2, 3], [3, 1, 2]):
        assert deal(margins, cosines) == expected


def test_samples_that_are_as_near_get_each_margin_once():
    assert sorted(deal([4, 1, 3, 2], [0.5, 0.5, 0.5, 0.5])) == [1, 2, 3, 4]


def test_cosines_get_no_gradient_and_margins_their_own():
    cosines = keras.Variable([[0.1], [0.9], [0.5]])
    margins = keras.Variable([[2.0], [3.0], [1.0]])
    weights = ops.convert_to_tensor([[1.0], [10.0], [100.0]])

    def weighted():
        dealt = largest_for_hardest(
            ops.convert_to_tensor(margins), ops.convert_to_tensor(cosines)
        )
        return ops.sum(weights * dealt) + 0.0 * ops.sum(cosines)

    _, (d_cosines, d_margins) = value_and_gradients(
        weighted, [cosines, margins]
    )
    np.testing.assert_array_equal(d_cosines, 0)
    # The largest, 3, is weighed by 1, then 2 by 100, then 1 by 10.
    np.testing.assert_array_equal(d_margins, [[100], [1], [10]])
