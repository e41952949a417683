"""Triplets of points on a line, worked by hand."""

import numpy as np
import pytest
from keras import ops

from keras_sphereface.ops import triplets


def distances_of(places):
    places = np.float32(places)
    return ops.convert_to_tensor(np.abs(places[:, None] - places[None]))


def semi_hard(labels, places, margin):
    losses = triplets.semi_hard_triplet_losses(
        ops.convert_to_tensor(np.int32(labels)),
        distances_of(places),
        margin=margin,
    )
    return ops.convert_to_numpy(losses)


def hard(labels, places, margin, **kwargs):
    losses = triplets.hard_triplet_losses(
        ops.convert_to_tensor(np.int32(labels)),
        distances_of(places),
        margin=margin,
        **kwargs,
    )
    return ops.convert_to_numpy(losses)


def test_the_nearest_negative_beyond_the_positive_is_taken():
    # From 1 the positive is 1 away and 3 is 2 away: 2 + 1 - 2. From 3 the
    # positive is 1.5 away and 1 is 2 away: 2 + 1.5 - 2. Others pay nothing.
    found = semi_hard([0, 0, 1, 1], [0, 1, 3, 4.5], margin=2)
    np.testing.assert_allclose(found, [0, 1, 1.5, 0], atol=1e-6)


def test_a_negative_nearer_than_the_positive_is_passed_over():
    # From 0 the positive is 2 away; 1 is nearer, -3 is beyond: 2 + 2 - 3.
    # From 2 the negatives are 1 and 5 away: 5 is beyond, 2 + 2 - 5 < 0.
    found = semi_hard([0, 0, 1, 2], [0, 2, 1, -3], margin=2)
    assert found.mean() == pytest.approx((1 + 0) / 2)


def test_the_farthest_negative_stands_in_where_none_is_beyond():
    # Positives are 4 apart; the negative is 1 from one and 3 from the other:
    # (0.5 + 4 - 1 + 0.5 + 4 - 3) / 2 pairs.
    found = semi_hard([0, 0, 1], [0, 4, 1], margin=0.5)
    assert found.mean() == pytest.approx(2.5)


def test_the_farthest_positive_meets_the_nearest_negative():
    # 3 - 4 + 2, 2 - 3 + 2, 3 - 1 + 2; the last has no positive: 0 - 1 + 2.
    found = hard([0, 0, 0, 1], [0, 1, 3, 4], margin=2)
    np.testing.assert_allclose(found, [1, 1, 4, 1], atol=1e-6)


def test_soft_losses_are_logarithms_and_know_no_margin():
    # log(1 + e^-1) and log(1 + e^2), the gaps of the test above.
    expected = [0.313262, 0.313262, 2.126928, 0.313262]
    for margin in (0, 2):
        found = hard([0, 0, 0, 1], [0, 1, 3, 4], margin=margin, soft=True)
        np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize("losses", [semi_hard, hard])
def test_far_identities_cost_nothing(losses):
    found = losses([0, 0, 1, 1], [0, 0.1, 9, 9.2], margin=1)
    np.testing.assert_array_equal(found, 0)
