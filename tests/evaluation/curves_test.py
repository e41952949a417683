import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keras_sphereface.evaluation import (
    area_under_curve,
    equal_error,
    roc_curve,
    tar_at_far,
    threshold_at_far,
)

# Fixed examples; no deadline, as a busy machine would miss it.
checked = settings(
    derandomize=True,
    deadline=None,
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow],
)

METRICS = {
    "roc_curve": roc_curve,
    "area_under_curve": area_under_curve,
    "equal_error": equal_error,
    "tar_at_far": lambda **kw: tar_at_far(**kw, far=1.0),
    "threshold_at_far": lambda **kw: threshold_at_far(**kw, far=1.0),
}


@st.composite
def scored_pairs(draw):
    """Few distinct scores, hence many ties within and between the kinds."""
    score = st.integers(-8, 8).map(lambda n: n / 8)
    genuine = draw(st.lists(score, min_size=1, max_size=12))
    impostor = draw(st.lists(score, min_size=1, max_size=12))
    return genuine, impostor


def to_arrays(genuine, impostor):
    return {
        "scores": np.array(genuine + impostor),
        "is_same": np.array([True] * len(genuine) + [False] * len(impostor)),
    }


def naive_share(scores, threshold):
    return sum(score >= threshold for score in scores) / len(scores)


def naive_tar_at_far(genuine, impostor, far):
    """The best TAR of any threshold, tried between and beyond all scores."""
    values = sorted(set(genuine + impostor))
    tried = [*values, values[-1] + 1]
    return max(
        naive_share(genuine, threshold)
        for threshold in tried
        if naive_share(impostor, threshold) <= far
    )


def naive_equal_error(genuine, impostor):
    """Walks along the ROC curve until it crosses FAR = 1 - TAR."""
    far, frr = 0.0, 1.0
    for threshold in sorted(set(genuine + impostor), reverse=True):
        next_far = naive_share(impostor, threshold)
        next_frr = 1 - naive_share(genuine, threshold)
        if next_far >= next_frr:
            share = (frr - far) / ((next_far - far) + (frr - next_frr))
            return far + share * (next_far - far)
        far, frr = next_far, next_frr
    raise AssertionError("the curve ends at FAR = 1")


def naive_area(genuine, impostor):
    wins = sum((g > i) + 0.5 * (g == i) for g in genuine for i in impostor)
    return wins / (len(genuine) * len(impostor))


# Genuine .9 .8 .6 .3, impostor .7 .5 .2 .1: worked by hand.
HAND = to_arrays([0.9, 0.8, 0.6, 0.3], [0.7, 0.5, 0.2, 0.1])


@pytest.mark.parametrize(
    ("far", "tar", "threshold"),
    [
        (0.25, 0.75, 0.6),  # .7 may pass; the next impostor is .5
        (0.49, 0.75, 0.6),  # a second impostor may not pass yet
        (0.5, 1.0, 0.3),
        (0.75, 1.0, 0.2),
        (1.0, 1.0, 0.1),
    ],
)
def test_tar_and_threshold_match_hand_counted_scores(far, tar, threshold):
    assert tar_at_far(**HAND, far=far) == tar
    assert threshold_at_far(**HAND, far=far) == threshold


def test_equal_error_and_area_match_hand_counted_scores():
    # At .6 one impostor of 4 passes and one genuine of 4 fails.
    assert equal_error(**HAND) == 0.25
    # .9 and .8 beat 4 impostors, .6 beats 3, .3 beats 2, of 16.
    assert area_under_curve(**HAND) == 13 / 16


def test_equal_error_is_interpolated_between_points():
    # (FAR, FRR) goes from (0, 1/2) to (1/3, 0): the line x, 1/2 - 3/2 x
    # meets x at 1/5.
    pairs = to_arrays([0.9, 0.5], [0.5, 0.1, 0.1])
    assert equal_error(**pairs) == pytest.approx(0.2, abs=1e-12)


def test_perfect_and_inverted_scores():
    perfect = to_arrays([0.8, 0.9], [0.1, 0.2])
    assert equal_error(**perfect) == 0.0
    assert area_under_curve(**perfect) == 1.0
    assert tar_at_far(**perfect, far=0.5) == 1.0
    inverted = to_arrays([0.1, 0.2], [0.8, 0.9])
    assert equal_error(**inverted) == 1.0
    assert area_under_curve(**inverted) == 0.0
    assert tar_at_far(**inverted, far=0.5) == 0.0


def test_equal_scores_are_chance():
    constant = to_arrays([0.5] * 3, [0.5] * 4)
    assert equal_error(**constant) == 0.5
    assert area_under_curve(**constant) == 0.5


def test_a_tie_at_the_top_leaves_a_finite_threshold_that_accepts_nothing():
    pairs = to_arrays([0.7, 0.7], [0.7, 0.7, 0.1])
    threshold = threshold_at_far(**pairs, far=0.5)
    assert math.isfinite(threshold)
    assert 0.7 < threshold < 0.7000002
    # Also where a device compares float32 with float32.
    assert not np.float32(0.7) >= np.float32(threshold)
    assert tar_at_far(**pairs, far=0.5) == 0.0


def test_roc_runs_from_nothing_to_everything_through_every_score():
    roc = roc_curve(**HAND)
    assert math.isinf(roc.thresholds[0])
    np.testing.assert_array_equal(
        roc.thresholds[1:], [0.9, 0.8, 0.7, 0.6, 0.5, 0.3, 0.2, 0.1]
    )
    np.testing.assert_array_equal(
        roc.far, [0, 0, 0, 0.25, 0.25, 0.5, 0.5, 0.75, 1]
    )
    np.testing.assert_array_equal(
        roc.tar, [0, 0.25, 0.5, 0.5, 0.75, 0.75, 1, 1, 1]
    )


@checked
@given(scored_pairs())
def test_metrics_equal_naive_loops(pairs):
    genuine, impostor = pairs
    arrays = to_arrays(genuine, impostor)
    assert equal_error(**arrays) == pytest.approx(
        naive_equal_error(genuine, impostor), abs=1e-12
    )
    assert area_under_curve(**arrays) == pytest.approx(
        naive_area(genuine, impostor), abs=1e-12
    )
    for accepted in range(1, len(impostor) + 1):
        far = accepted / len(impostor)
        assert tar_at_far(**arrays, far=far) == naive_tar_at_far(
            genuine, impostor, far
        )


@checked
@given(scored_pairs(), st.floats(0.01, 1))
def test_the_threshold_measures_what_it_promises(pairs, far):
    genuine, impostor = pairs
    far = max(far, 1 / len(impostor))
    arrays = to_arrays(genuine, impostor)
    threshold = threshold_at_far(**arrays, far=far)
    assert naive_share(impostor, threshold) <= far
    assert naive_share(genuine, threshold) == tar_at_far(**arrays, far=far)
    # It is the smallest such score: the next lower one accepts too many.
    lower = [score for score in genuine + impostor if score < threshold]
    assert not lower or naive_share(impostor, max(lower)) > far


@checked
@given(scored_pairs())
def test_an_increasing_transform_of_the_scores_changes_no_rate(pairs):
    arrays = to_arrays(*pairs)
    # Exact on eighths, so that no two scores fall together.
    scores = arrays["scores"]
    moved = {**arrays, "scores": np.exp2(3 * scores) + 5}
    assert equal_error(**moved) == equal_error(**arrays)
    assert area_under_curve(**moved) == area_under_curve(**arrays)
    assert tar_at_far(**moved, far=1 / len(pairs[1])) == tar_at_far(
        **arrays, far=1 / len(pairs[1])
    )


@checked
@given(scored_pairs(), st.randoms(use_true_random=False))
def test_the_order_of_the_pairs_changes_nothing(pairs, random):
    arrays = to_arrays(*pairs)
    order = list(range(len(arrays["scores"])))
    random.shuffle(order)
    shuffled = {name: values[order] for name, values in arrays.items()}
    for metric in METRICS.values():
        np.testing.assert_array_equal(metric(**shuffled), metric(**arrays))


@checked
@given(scored_pairs())
def test_swapping_the_kinds_of_negated_scores_keeps_the_equal_error(pairs):
    genuine, impostor = pairs
    swapped = to_arrays([-s for s in impostor], [-s for s in genuine])
    assert equal_error(**swapped) == pytest.approx(
        equal_error(**to_arrays(genuine, impostor)), abs=1e-12
    )


def test_decimal_rates_of_round_numbers_are_exact():
    # 7 of 100 impostors are 0.07, although 0.07 * 100 > 7 in float64.
    impostor = np.linspace(0.01, 1.0, 100)
    scores = np.concatenate([[0.5], impostor])
    is_same = np.arange(101) == 0
    for percent in range(1, 101):
        threshold = threshold_at_far(
            scores=scores, is_same=is_same, far=percent / 100
        )
        assert np.sum(impostor >= threshold) == percent


def test_the_rate_of_one_impostor_pair_is_always_measurable():
    # Although (1 / 49) * 49 is below 1 in float64.
    for impostor_pairs in range(2, 200):
        scores = np.arange(impostor_pairs + 1)
        threshold = threshold_at_far(
            scores=scores, is_same=scores == 0, far=1 / impostor_pairs
        )
        assert threshold == impostor_pairs


@pytest.mark.parametrize("far", [1e-1, 1e-3, 1e-5, 1e-6])
def test_low_rates_of_millions_of_pairs_are_counted_exactly(far):
    rng = np.random.default_rng(0)
    genuine, impostor = rng.normal(4, 1, 20_000), rng.normal(0, 1, 2_000_000)
    # So many may pass, and the next one below them may not.
    refused = np.sort(impostor)[::-1][round(far * 2_000_000)]
    found = tar_at_far(
        scores=np.concatenate([genuine, impostor]),
        is_same=np.arange(2_020_000) < 20_000,
        far=far,
    )
    assert found == np.mean(genuine > refused)


@pytest.mark.parametrize("far", [0, -0.1, 1.1, float("nan"), True])
@pytest.mark.parametrize("metric", [tar_at_far, threshold_at_far])
def test_a_far_outside_its_range_is_refused(metric, far):
    with pytest.raises(ValueError, match=rf"`far` is.* in \(0, 1\].*{far}"):
        metric(**HAND, far=far)


@pytest.mark.parametrize("metric", [tar_at_far, threshold_at_far])
def test_a_far_that_no_pair_can_measure_is_refused(metric):
    message = "at least 1000 impostor pairs.*far=0.001 with 4 impostor pairs"
    with pytest.raises(ValueError, match=message):
        metric(**HAND, far=1e-3)


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS.keys())
@pytest.mark.parametrize(
    ("scores", "is_same", "message"),
    [
        ([0.1, np.nan, 0.3], [1, 0, 1], r"finite.*scores\[1\]=nan"),
        ([0.1, 0.2, np.inf], [1, 0, 1], r"finite.*scores\[2\]=inf"),
        ([0.1, 0.2], [1, 0, 1], r"2 scores, is_same\.shape=\(3,\)"),
        ([0.1, 0.2], [1, 1], "2 same and 0 different"),
        ([0.1, 0.2], [False, False], "0 same and 2 different"),
        ([0.1, 0.2], [0, 2], "0 and 1.*int64"),
        ([0.1, 0.2], [0.0, 1.0], "0 and 1.*float64"),
        ([], [], r"at least one.*\(0,\)"),
        ([[0.1], [0.2]], [0, 1], r"scores\.shape=\(2, 1\)"),
        (["a", "b"], [0, 1], "numbers"),
    ],
)
def test_bad_scores_are_named(metric, scores, is_same, message):
    with pytest.raises(ValueError, match=message):
        metric(scores=scores, is_same=is_same)


def test_lists_of_zero_and_one_are_welcome():
    assert tar_at_far(scores=[1, 0], is_same=[1, 0], far=1) == 1.0
