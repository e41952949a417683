import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keras_sphereface.evaluation import fold_accuracies, ten_fold_accuracy

# Fixed examples; no deadline, as a busy machine would miss it.
checked = settings(
    derandomize=True,
    deadline=None,
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow],
)


def make_pairs(num_folds=10, pairs_per_fold=40, seed=0):
    rng = np.random.default_rng(seed)
    is_same = np.tile([True, False], num_folds * pairs_per_fold // 2)
    scores = rng.normal(size=len(is_same)) + 1.5 * is_same
    folds = np.repeat(np.arange(num_folds), pairs_per_fold)
    return {"scores": scores, "is_same": is_same, "folds": folds}


def naive_best(scores, is_same):
    """Most pairs any threshold decides rightly, and the lowest, highest one.

    Tries one threshold in every gap between neighboring scores.
    """
    values = sorted(set(scores))
    gaps = [values[0] - 1]
    gaps += [(a + b) / 2 for a, b in itertools.pairwise(values)]
    gaps += [values[-1] + 1]
    right = [
        sum((s >= gap) == same for s, same in zip(scores, is_same, strict=True))
        for gap in gaps
    ]
    best = [
        g for g, count in zip(gaps, right, strict=True) if count == max(right)
    ]
    return max(right), best[0], best[-1]


def test_matches_hand_counted_folds():
    # Fold 0 alone wants a threshold between .4 and .6, fold 1 between .1 and
    # .3; each is scored with the other's middle.
    results = fold_accuracies(
        scores=[0.6, 0.4, 0.3, 0.1],
        is_same=[True, False, True, False],
        folds=[0, 0, 1, 1],
    )
    np.testing.assert_array_equal(results.folds, [0, 1])
    np.testing.assert_allclose(results.thresholds, [0.2, 0.5])
    np.testing.assert_array_equal(results.accuracies, [0.5, 0.5])


def test_the_threshold_is_as_good_as_any_on_the_other_folds():
    pairs = make_pairs()
    results = fold_accuracies(**pairs)
    for fold, accuracy, threshold in zip(*results, strict=True):
        test = pairs["folds"] == fold
        scores, is_same = pairs["scores"][~test], pairs["is_same"][~test]
        right, lowest, highest = naive_best(scores.tolist(), is_same.tolist())
        assert np.sum((scores >= threshold) == is_same) == right
        assert lowest <= threshold <= highest
        decided = pairs["scores"][test] >= threshold
        assert accuracy == np.mean(decided == pairs["is_same"][test])


def test_a_fold_never_touches_its_own_threshold():
    pairs = make_pairs()
    before = fold_accuracies(**pairs)
    tampered = pairs["scores"].copy()
    tampered[pairs["folds"] == 3] = -5.0
    after = fold_accuracies(**{**pairs, "scores": tampered})
    assert after.thresholds[3] == before.thresholds[3]
    assert np.any(after.thresholds != before.thresholds)


def test_a_threshold_fitted_to_the_test_fold_would_score_higher():
    pairs = make_pairs()
    cheating = [
        naive_best(
            pairs["scores"][pairs["folds"] == fold].tolist(),
            pairs["is_same"][pairs["folds"] == fold].tolist(),
        )[0]
        / 40
        for fold in range(10)
    ]
    assert ten_fold_accuracy(**pairs) < np.mean(cheating)


def test_the_mean_counts_folds_not_pairs():
    pairs = make_pairs(num_folds=3)
    keep = (pairs["folds"] != 1) | (np.arange(120) % 4 < 2)
    pairs = {name: values[keep] for name, values in pairs.items()}
    accuracies = fold_accuracies(**pairs).accuracies
    assert ten_fold_accuracy(**pairs) == sum(accuracies) / 3


def test_separated_scores_are_all_right_and_equal_scores_are_chance():
    pairs = make_pairs()
    separated = np.where(pairs["is_same"], 0.7, 0.2)
    assert ten_fold_accuracy(**{**pairs, "scores": separated}) == 1.0
    constant = np.full(400, 0.3)
    assert ten_fold_accuracy(**{**pairs, "scores": constant}) == 0.5


@checked
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.25, 2.0, 8.0]))
def test_a_change_of_unit_changes_no_accuracy(seed, factor):
    pairs = make_pairs(num_folds=4, pairs_per_fold=10, seed=seed)
    scaled = {**pairs, "scores": factor * pairs["scores"]}
    assert ten_fold_accuracy(**scaled) == ten_fold_accuracy(**pairs)


def test_neighboring_floats_are_still_told_apart():
    # The midpoint of two adjacent floats rounds to one of them.
    low, high = 1.0, np.nextafter(1.0, 2.0)
    accuracy = ten_fold_accuracy(
        scores=[high, low] * 4,
        is_same=[True, False] * 4,
        folds=[0, 0, 1, 1, 2, 2, 3, 3],
    )
    assert accuracy == 1.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"folds": np.zeros(400, int)}, "two folds at least.*fold 0"),
        ({"folds": np.zeros(399, int)}, r"\(399,\) with 400 scores"),
        ({"folds": np.zeros(400)}, "float64"),
        ({"scores": np.full(400, np.nan)}, r"scores\[0\]=nan"),
        ({"is_same": np.ones(400, bool)}, "400 same and 0 different"),
        (
            {"folds": np.tile([1, 0], 200)},  # all same in fold 1
            "one kind outside fold 0",
        ),
    ],
)
def test_bad_input_is_named(change, message):
    with pytest.raises(ValueError, match=message):
        ten_fold_accuracy(**{**make_pairs(), **change})
