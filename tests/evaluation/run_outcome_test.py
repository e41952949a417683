import math

import pytest
from study_runs import failed_run, make_run

from keras_sphereface.evaluation import OUTCOMES, run_outcome


def lucky_share(pairs, chance):
    """The largest accuracy whose pairs chance may decide, by bisection.

    The 97.5 % limit of Clopper and Pearson: at that rate, so few successes or
    fewer come with probability 0.025.
    """
    wins = round(chance * pairs)

    def tail(rate):
        return sum(
            math.comb(pairs, k) * rate**k * (1 - rate) ** (pairs - k)
            for k in range(wins + 1)
        )

    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if tail(middle) > 0.025 else (low, middle)
    return low


def test_a_run_that_failed_is_what_it_failed_by():
    for failure in ("diverged", "collapsed"):
        assert run_outcome(failed_run(failure=failure), 0.9) == failure


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({}, "trained"),
        ({"target_angle": 90.0}, "trained"),
        ({"target_angle": 90.1}, "collapsed"),
        ({"norm": 2e-3}, "trained"),
        ({"norm": 9e-4}, "collapsed"),
        ({"accuracy": 0.71}, "trained"),  # 5 points below the best
        ({"accuracy": 0.7099}, "degraded"),
        ({"accuracy": 0.45}, "collapsed"),
        # A collapse is worse than being degraded, and comes first.
        ({"accuracy": 0.67, "target_angle": 139.0}, "collapsed"),
    ],
)
def test_the_first_rule_that_holds_decides(changes, outcome):
    assert run_outcome(make_run(**changes), 0.76) == outcome


@pytest.mark.parametrize(
    ("untrained", "chance"), [(0.54, 0.54), (0.31, 0.5), (0.5, 0.5)]
)
def test_accuracy_within_the_interval_of_chance_is_a_collapse(
    untrained, chance
):
    limit = lucky_share(200, chance)
    for accuracy, outcome in (
        (limit - 1e-6, "collapsed"),
        (limit + 1e-6, "degraded"),
    ):
        run = make_run(
            accuracy=accuracy, untrained_accuracy=untrained, num_pairs=200
        )
        assert run_outcome(run, 0.99) == outcome


def test_how_much_is_degraded_may_be_set():
    run = make_run(accuracy=0.7)
    assert run_outcome(run, 0.75, degraded_by=0.04) == "degraded"
    assert run_outcome(run, 0.75, degraded_by=0.06) == "trained"
    with pytest.raises(ValueError, match=r"`degraded_by`.*5"):
        run_outcome(run, 0.75, degraded_by=5)


def test_outcomes_are_listed_from_the_best_to_the_worst():
    assert OUTCOMES == ("trained", "degraded", "collapsed", "diverged")
