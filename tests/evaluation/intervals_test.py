import math

import pytest

from keras_sphereface.evaluation import mean_interval, rate_interval


def binomial_tail(at_least, trials, rate):
    return sum(
        math.comb(trials, k) * rate**k * (1 - rate) ** (trials - k)
        for k in range(at_least, trials + 1)
    )


@pytest.mark.parametrize(
    ("successes", "trials"), [(1, 10), (5, 10), (9, 10), (3, 200), (37, 64)]
)
@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_the_ends_leave_equal_binomial_tails(successes, trials, confidence):
    low, high = rate_interval(successes, trials, confidence=confidence)
    tail = (1 - confidence) / 2
    assert binomial_tail(successes, trials, low) == pytest.approx(tail)
    assert 1 - binomial_tail(successes + 1, trials, high) == pytest.approx(tail)


def test_no_success_and_nothing_but_success():
    # (1 - high) ** 100 = 0.025
    low, high = rate_interval(0, 100)
    assert (low, high) == (0.0, pytest.approx(1 - 0.025**0.01))
    assert rate_interval(100, 100) == (pytest.approx(0.025**0.01), 1.0)
    assert rate_interval(0, 1) == (0.0, pytest.approx(0.975))


@pytest.mark.parametrize("rate", [0.001, 0.03, 0.5, 0.9])
def test_it_covers_at_least_as_often_as_promised(rate):
    # Summed over all outcomes of 80 trials, no simulation.
    covered = sum(
        math.comb(80, k) * rate**k * (1 - rate) ** (80 - k)
        for k in range(81)
        if rate_interval(k, 80)[0] <= rate <= rate_interval(k, 80)[1]
    )
    assert covered >= 0.95


@pytest.mark.parametrize(
    ("successes", "trials", "message"),
    [
        (-1, 10, "successes=-1"),
        (11, 10, "of 10 trials.*successes=11"),
        (0, 0, "trials=0"),
        (0.5, 10, r"`successes` of 10 trials must be an int.*0\.5"),
        (1, True, "`trials` must be an int.*True"),
    ],
)
def test_impossible_counts_are_named(successes, trials, message):
    with pytest.raises(ValueError, match=message):
        rate_interval(successes, trials)


@pytest.mark.parametrize("confidence", [0, 1, 95, float("nan"), True])
def test_a_confidence_that_is_no_probability_is_refused(confidence):
    with pytest.raises(ValueError, match=f"`confidence`.*{confidence}"):
        rate_interval(1, 2, confidence=confidence)


@pytest.mark.parametrize(
    ("values", "confidence", "quantile"),
    [
        # Quantiles of a printed table.
        ([0.7, 0.74], 0.95, 12.706),
        ([0.7, 0.72, 0.77], 0.95, 4.303),
        ([0.7, 0.72, 0.77], 0.99, 9.925),
        ([1.0, 2.0, 3.0, 4.0, 9.0], 0.9, 2.132),
    ],
)
def test_a_mean_is_between_the_limits_of_student(values, confidence, quantile):
    mean = sum(values) / len(values)
    deviation = math.sqrt(
        sum((v - mean) ** 2 for v in values) / (len(values) - 1)
    )
    half = quantile * deviation / math.sqrt(len(values))
    found = mean_interval(values, confidence=confidence)
    # The table has four or five digits.
    assert found == pytest.approx((mean - half, mean + half), rel=1e-3)


def test_one_value_says_nothing_of_its_spread():
    assert mean_interval([0.7]) is None


@pytest.mark.parametrize("values", [[], [0.1, float("nan")], [[0.1, 0.2]]])
def test_values_without_a_mean_are_refused(values):
    with pytest.raises(ValueError, match="`values` must be finite"):
        mean_interval(values)
