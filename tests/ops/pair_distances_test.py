"""Distances and masks of a batch, held to loops; the losses are elsewhere."""

import keras
import numpy as np
import pytest
from gradients import value_and_gradients
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from keras_sphereface.ops import angular_distances, distances, squared_distances
from keras_sphereface.ops.pair_distances import mean_of_pairs, pair_masks

METRICS = {
    "L2": (distances, lambda a, b: np.linalg.norm(a - b)),
    "squared-L2": (squared_distances, lambda a, b: sum((a - b) ** 2)),
    "angular": (
        angular_distances,
        lambda a, b: 1 - a @ b / np.linalg.norm(a) / np.linalg.norm(b),
    ),
}


def make_embeddings():
    random = np.random.default_rng(0)
    embeddings = 3 * random.normal(size=(6, 4))
    embeddings[4] = embeddings[1]  # the same face twice
    embeddings[5] = -embeddings[0]
    return embeddings.astype("float32")


@pytest.mark.parametrize("metric", METRICS)
def test_equals_a_float64_loop(metric):
    function, oracle = METRICS[metric]
    x = make_embeddings()
    found = ops.convert_to_numpy(function(ops.convert_to_tensor(x)))
    wide = x.astype("float64")
    expected = [[oracle(a, b) for b in wide] for a in wide]
    # A distance of 0 is one of the rounding of squares of about 40.
    atol = 2e-5 if metric != "L2" else 5e-3
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=atol)
    assert found.min() >= 0
    if metric != "angular":
        np.testing.assert_array_equal(np.diag(found), 0)


@pytest.mark.parametrize("metric", METRICS)
def test_gradients_are_finite_where_faces_meet(metric):
    x = make_embeddings()
    x[2] = 0
    variable = keras.Variable(x)
    _, (gradient,) = value_and_gradients(
        lambda: ops.sum(METRICS[metric][0](ops.convert_to_tensor(variable))),
        [variable],
    )
    assert np.isfinite(gradient).all()


@settings(deadline=None, max_examples=15, derandomize=True)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=6))
def test_every_pair_is_positive_negative_or_with_itself(labels):
    masks = pair_masks(ops.convert_to_tensor(np.int32(labels)))
    is_positive, is_negative = map(ops.convert_to_numpy, masks)
    for i, a in enumerate(labels):
        for j, b in enumerate(labels):
            assert is_positive[i, j] == (a == b and i != j)
            assert is_negative[i, j] == (a != b)


def test_the_mean_of_shares_is_the_mean_of_the_pairs():
    values = np.random.default_rng(0).normal(size=(4, 4)).astype("float32")
    values[0, 0] = np.nan  # not among the pairs
    mask = np.zeros((4, 4), bool)
    mask[[0, 1, 1, 3], [1, 0, 3, 2]] = True
    shares = ops.convert_to_numpy(
        mean_of_pairs(ops.convert_to_tensor(values), mask)
    )
    assert shares.mean() == pytest.approx(values[mask].mean(), rel=1e-5)
    assert shares[2] == 0
    none = mean_of_pairs(values, np.zeros((4, 4), bool))
    np.testing.assert_array_equal(ops.convert_to_numpy(none), np.zeros(4))
