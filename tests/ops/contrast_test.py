"""Losses of pairs, worked by hand from numbers that come out even."""

import math

import numpy as np
import pytest
from keras import ops

from keras_sphereface.ops import contrast

# log(1 + e^-x) of 0.5 and of 2.
SOFTPLUS_HALF, SOFTPLUS_TWO = 0.474077, 0.126928


def tensor(values, dtype="float32"):
    return ops.convert_to_tensor(np.array(values, dtype))


def test_positives_are_drawn_near_and_negatives_out_of_the_margin():
    found = contrast.contrastive_losses(
        tensor([1, 0, 0]), tensor([0.5, 0.5, 2]), margin=1.5
    )
    np.testing.assert_allclose(ops.convert_to_numpy(found), [0.25, 1, 0])


# Shares of a row: 3 and 1 of 4, 1 and 4 of 5.
SIMILARITIES = [
    [math.log(3), math.log(1)],
    [math.log(1), math.log(4)],
]


@pytest.mark.parametrize(
    ("labels", "shares"),
    [
        ([0, 1], [[3 / 4], [4 / 5]]),
        ([7, 7], [[3 / 4, 1 / 4], [1 / 5, 4 / 5]]),
    ],
)
def test_npairs_pays_for_the_share_of_the_positives(labels, shares):
    found = contrast.npairs_losses(
        tensor(labels, "int32"), tensor(SIMILARITIES)
    )
    expected = [-np.mean(np.log(row)) for row in shares]
    np.testing.assert_allclose(ops.convert_to_numpy(found), expected, rtol=1e-5)


def test_supervised_contrast_compares_directions_and_not_oneself():
    # The positive's logit is 1 / 0.5, the negative's 0: log(1 + e^-2).
    embeddings = tensor([[1, 0], [3, 0], [0, 5]])
    found = contrast.supervised_contrastive_losses(
        tensor([4, 4, 9], "int32"), embeddings, temperature=0.5
    )
    np.testing.assert_allclose(
        ops.convert_to_numpy(found),
        [SOFTPLUS_TWO, SOFTPLUS_TWO, 0],
        rtol=1e-5,
        atol=1e-7,
    )


def test_simple_weighs_the_means_over_positive_and_negative_pairs():
    # Scores are 2 - 0.25 * 2 of the positive pair, -0.25 * 3 and -0.25 * 6 of
    # the negative ones; their logits 0.5, and -0.5 and -2.
    found = contrast.simple_losses(
        tensor([0, 0, 1], "int32"),
        tensor([[1, 0], [2, 0], [0, 3]]),
        angle_bias=0.25,
        positive_weight=0.25,
        temperature=2.0,
        margin=0.5,
        loss_weight=10.0,
        bias=0.0,
    )
    negative = (SOFTPLUS_HALF + SOFTPLUS_TWO) / 2
    expected = 10 * (0.25 * SOFTPLUS_HALF + 0.75 * negative)
    mean = ops.convert_to_numpy(found).mean()
    assert mean == pytest.approx(expected, rel=1e-5)
