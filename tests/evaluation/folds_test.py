import bisect
import itertools
import pathlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keras_sphereface.evaluation import (
    PairSet,
    fold_accuracies,
    measured_folds,
    score_pairs,
    ten_fold_accuracy,
)

FACES = pathlib.Path(__file__).parents[3] / "shared" / "faces"

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


def slow_ten_fold(scores, is_same, folds):
    """The protocol as its text says it: loops and counting, no arrays."""
    accuracies = []
    for fold in sorted(set(folds)):
        others = [
            (score, same)
            for score, same, f in zip(scores, is_same, folds, strict=True)
            if f != fold
        ]
        values = sorted({score for score, _ in others})
        tried = [values[0]]
        tried += [(a + b) / 2 for a, b in itertools.pairwise(values)]
        tried += [values[-1] + 1]
        genuine = sorted(score for score, same in others if same)
        impostor = sorted(score for score, same in others if not same)
        most, best = -1, []
        for threshold in tried:
            right = len(genuine) - bisect.bisect_left(genuine, threshold)
            right += bisect.bisect_left(impostor, threshold)
            if right > most:
                most, best = right, []
            if right == most:
                best.append(threshold)
        threshold = best[len(best) // 2]
        tested = [
            (s >= threshold) == same
            for s, same, f in zip(scores, is_same, folds, strict=True)
            if f == fold
        ]
        accuracies.append(sum(tested) / len(tested))
    return sum(accuracies) / len(accuracies)


def slow_insightface(scores, is_same, folds):
    """As InsightFace's verification.py decides: squared distance, grid."""
    distances = [2 - 2 * score for score in scores]
    accuracies = []
    for fold in sorted(set(folds)):
        others = [
            (distance, same)
            for distance, same, f in zip(distances, is_same, folds, strict=True)
            if f != fold
        ]
        genuine = sorted(distance for distance, same in others if same)
        impostor = sorted(distance for distance, same in others if not same)
        counts = []
        for threshold in np.arange(0, 4, 0.01):
            right = bisect.bisect_left(genuine, threshold)
            right += len(impostor) - bisect.bisect_left(impostor, threshold)
            counts.append(right)
        threshold = np.arange(0, 4, 0.01)[counts.index(max(counts))]
        tested = [
            (d < threshold) == same
            for d, same, f in zip(distances, is_same, folds, strict=True)
            if f == fold
        ]
        accuracies.append(sum(tested) / len(tested))
    return sum(accuracies) / len(accuracies)


def as_lists(pairs):
    return [pairs[name].tolist() for name in ("scores", "is_same", "folds")]


@pytest.mark.parametrize("decimals", [1, 12])
def test_equals_a_slow_loop_with_and_without_ties(decimals):
    pairs = make_pairs()
    pairs["scores"] = np.round(pairs["scores"] / 8, decimals)
    assert ten_fold_accuracy(**pairs) == pytest.approx(
        slow_ten_fold(*as_lists(pairs)), abs=1e-12
    )
    assert ten_fold_accuracy(**pairs, protocol="insightface") == pytest.approx(
        slow_insightface(*as_lists(pairs)), abs=1e-12
    )


def test_insightface_takes_the_strictest_of_equally_good_distances():
    results = fold_accuracies(
        scores=[0.9, -0.5] * 4,
        is_same=[True, False] * 4,
        folds=[0, 0, 1, 1, 2, 2, 3, 3],
        protocol="insightface",
    )
    # The genuine squared distance is 0.2; the next on the grid is 0.21, unless
    # 0.2 itself rounds below the grid's.
    assert np.all((results.thresholds > 0.89) & (results.thresholds <= 0.9))
    np.testing.assert_array_equal(results.accuracies, 1.0)


@pytest.mark.skipif(not FACES.is_dir(), reason="the faces are not here")
def test_equals_the_slow_loop_on_real_faces():
    pairs = PairSet.from_lfw(FACES / "pairs.txt", FACES / "test")

    def small_picture(images):
        cells = images.reshape(len(images), 14, 8, 14, 8, 3).mean((2, 4))
        cells = cells.reshape(len(images), -1)
        return cells - cells.mean(axis=1, keepdims=True)

    columns = {
        "scores": score_pairs(small_picture, pairs).astype("float64"),
        "is_same": pairs.is_same,
        "folds": pairs.folds,
    }
    accuracy = ten_fold_accuracy(**columns)
    assert 0.52 < accuracy < 0.75  # pixels tell a little
    assert accuracy == pytest.approx(
        slow_ten_fold(*as_lists(columns)), abs=1e-12
    )
    assert ten_fold_accuracy(
        **columns, protocol="insightface"
    ) == pytest.approx(slow_insightface(*as_lists(columns)), abs=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"protocol": "lfw"}, r"\['midpoints', 'insightface'\].*'lfw'"),
        ({"protocol": "insightface"}, r"\[-1, 1\] for \"insightface\""),
        ({"folds": np.zeros(400, int)}, "at least two folds.*fold 0"),
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


def test_several_folds_are_measured_as_they_are():
    pairs = make_pairs(num_folds=3)
    folds = measured_folds(is_same=pairs["is_same"], folds=pairs["folds"])
    np.testing.assert_array_equal(folds, pairs["folds"])


@pytest.mark.parametrize("num_same", [500, 30, 10, 3, 2])
def test_one_fold_is_cut_into_parts_with_both_kinds_beside_each(num_same):
    is_same = np.arange(600) < num_same  # as view 1 has them, one kind first
    folds = measured_folds(is_same=is_same, folds=np.full(600, 7))
    assert len(folds) == 600
    assert len(np.unique(folds)) == 10
    for fold in np.unique(folds):
        assert 0 < is_same[folds != fold].sum() < (folds != fold).sum()


@pytest.mark.parametrize(
    ("is_same", "folds", "message"),
    [
        (
            [1, 0, 0, 0],
            [0, 0, 0, 0],
            "each kind.*1 of one person",
        ),
        ([1, 1, 1, 1], [0, 0, 0, 0], "each kind.*0 of two"),
        ([1, 1, 0, 0], [3, 3, 5, 5], "one kind outside fold 3"),
        ([1, 0, 0, 0], [3, 3, 5, 5], "one kind outside fold 3"),
        ([1, 1, 1, 1], [3, 3, 5, 5], "one kind outside fold 3"),
    ],
)
def test_what_no_fold_allows_is_refused(is_same, folds, message):
    with pytest.raises(ValueError, match=message):
        measured_folds(is_same=np.array(is_same, bool), folds=folds)
