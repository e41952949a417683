import math

import numpy as np
import pytest

from keras_sphereface.evaluation import (
    fit_calibration,
    held_out_probabilities,
    reliability,
)


def draw_pairs(rng, num_pairs=4000, genuine_share=0.5, slope=8.0, middle=0.3):
    """Scores whose true probability is `sigmoid(slope * (score - middle))`."""
    scores = rng.uniform(-0.4, 1, 20 * num_pairs)
    truth = 1 / (1 + np.exp(-slope * (scores - middle)))
    is_same = rng.random(len(scores)) < truth
    genuine = np.flatnonzero(is_same)[: int(num_pairs * genuine_share)]
    impostor = np.flatnonzero(~is_same)[: num_pairs - len(genuine)]
    keep = rng.permutation(np.concatenate([genuine, impostor]))
    return {"scores": scores[keep], "is_same": is_same[keep]}


def naive_fit(scores, is_same):
    """Newton's method on Platt's targets, by the textbook."""
    genuine, impostor = sum(is_same), sum(not same for same in is_same)
    target = np.where(
        is_same, (genuine + 1) / (genuine + 2), 1 / (impostor + 2)
    )
    a = b = 0.0
    for _ in range(60):
        p = 1 / (1 + np.exp(-(a * scores + b)))
        gradient = np.array([sum((target - p) * scores), sum(target - p)])
        weight = p * (1 - p)
        hessian = np.array(
            [
                [sum(weight * scores**2), sum(weight * scores)],
                [sum(weight * scores), sum(weight)],
            ]
        )
        a, b = np.array([a, b]) + np.linalg.solve(hessian, gradient)
    return a, b


@pytest.mark.parametrize("genuine_share", [0.5, 0.1])
def test_equals_newtons_method(genuine_share):
    pairs = draw_pairs(np.random.default_rng(0), 500, genuine_share)
    found = fit_calibration(**pairs)
    slope, intercept = naive_fit(pairs["scores"], pairs["is_same"])
    assert found.slope == pytest.approx(slope, rel=1e-4)
    assert found.intercept == pytest.approx(intercept, rel=1e-4)
    assert found.genuine_share == genuine_share


def test_perfect_separation_has_a_finite_slope():
    found = fit_calibration(
        scores=[0.9, 0.8, 0.2, 0.1], is_same=[True, True, False, False]
    )
    assert 0 < found.slope < 1e3
    assert 0.5 < found.probability(0.8) < 1


def test_scores_that_tell_nothing_give_the_share():
    found = fit_calibration(
        scores=[0.5] * 4, is_same=[True, False, False, False]
    )
    assert found.slope == 0
    assert found.probability(0.5) == pytest.approx(2 / 6)  # (1 + 1) / (4 + 2)


def test_another_prior_moves_the_odds_by_its_ratio():
    found = fit_calibration(**draw_pairs(np.random.default_rng(1)))
    p = float(found.probability(0.4))
    rare = float(found.probability(0.4, prior=0.01))
    assert p / (1 - p) == pytest.approx(99 * rare / (1 - rare))
    assert found.probability(1e9) == 1.0
    assert found.probability(-1e9) == 0.0
    with pytest.raises(ValueError, match=r"`prior`.*prior=1"):
        found.probability(0.4, prior=1)


def test_held_out_probabilities_come_true():
    pairs = draw_pairs(np.random.default_rng(2))
    folds = np.arange(4000) % 10
    p = held_out_probabilities(**pairs, folds=folds)
    # A fold's own truth does not touch its probabilities.
    turned = pairs["is_same"] ^ (folds == 3)
    again = held_out_probabilities(
        scores=pairs["scores"], is_same=turned, folds=folds
    )
    np.testing.assert_array_equal(p[folds == 3], again[folds == 3])
    found = reliability(probabilities=p, is_same=pairs["is_same"])
    assert found.calibration_error < 0.03
    inside = [
        low <= predicted <= high
        for predicted, (low, high) in zip(
            found.predicted, found.intervals, strict=True
        )
    ]
    assert np.mean(inside) >= 0.8
    wrong = reliability(probabilities=p**3, is_same=pairs["is_same"])
    assert wrong.calibration_error > 0.1


def test_bins_match_hand_counting():
    found = reliability(
        probabilities=[0.05, 0.15, 0.2, 0.9, 1.0],
        is_same=[False, False, True, True, True],
        num_bins=2,
    )
    np.testing.assert_allclose(found.predicted, [0.4 / 3, 0.95])
    np.testing.assert_allclose(found.observed, [1 / 3, 1])
    np.testing.assert_array_equal(found.counts, [3, 2])
    expected = (3 * (1 / 3 - 0.4 / 3) + 2 * 0.05) / 5
    assert found.calibration_error == pytest.approx(expected)


def test_bad_input_is_named():
    pairs = draw_pairs(np.random.default_rng(0), 100)
    with pytest.raises(ValueError, match=r"probabilities\[1\]=1.5"):
        reliability(probabilities=[0.5, 1.5], is_same=[True, False])
    with pytest.raises(ValueError, match="num_bins=0"):
        reliability(probabilities=[0.5, 1], is_same=[True, False], num_bins=0)
    with pytest.raises(ValueError, match="two folds"):
        held_out_probabilities(**pairs, folds=np.zeros(100, int))
    with pytest.raises(ValueError, match="both kinds"):
        fit_calibration(scores=[1, math.pi], is_same=[True, True])
