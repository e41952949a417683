import math

import pytest
from study_runs import failed_run, make_run

from keras_sphereface.evaluation.study_arm import kind_of, make_arm, seed_mean

# Student's 97.5 % quantiles, from a printed table: 1, 2 and 4 degrees.
QUANTILES = {2: 12.706, 3: 4.303, 5: 2.776}


def hand_mean(values):
    """Mean and half of the interval, in plain float64."""
    mean = sum(values) / len(values)
    variance = sum((v - mean) ** 2 for v in values) / (len(values) - 1)
    half = QUANTILES[len(values)] * math.sqrt(variance / len(values))
    return mean, half


@pytest.mark.parametrize(
    "values", [[0.7, 0.74], [0.7, 0.72, 0.77], [0.5, 0.7, 0.71, 0.74, 0.75]]
)
def test_a_mean_over_seeds_has_the_interval_of_student(values):
    found = seed_mean(values)
    mean, half = hand_mean(values)
    assert found.mean == pytest.approx(mean, abs=1e-12)
    # The printed quantiles have four digits.
    assert found.interval == pytest.approx((mean - half, mean + half), rel=1e-3)
    assert found.num_seeds == len(values)


def arm_of(runs, baseline=(), best=0.75):
    return make_arm(runs, baseline, best_accuracy=best, degraded_by=0.05)


def test_differences_pair_the_seeds():
    # Given in other orders, and with a seed that has no partner.
    runs = [make_run(seed=s, accuracy=a) for s, a in ((2, 0.78), (0, 0.7))]
    runs.append(make_run(seed=1, accuracy=0.73))
    base = [
        make_run("normface", seed=s, accuracy=a)
        for s, a in ((1, 0.72), (0, 0.71), (2, 0.74), (7, 0.1))
    ]
    found = arm_of(runs, base).difference
    mean, half = hand_mean([-0.01, 0.01, 0.04])
    assert found.mean == pytest.approx(mean, abs=1e-12)
    assert found.interval == pytest.approx((mean - half, mean + half), rel=1e-3)
    assert not found.is_clear


def test_a_difference_is_clear_without_0_in_its_interval():
    assert seed_mean([0.02, 0.021]).is_clear
    assert seed_mean([-0.02, -0.021]).is_clear
    assert not seed_mean([0.02, -0.021]).is_clear
    assert not seed_mean([0.5]).is_clear


def test_the_baseline_has_no_difference_to_itself():
    base = [make_run("normface", seed=s) for s in (0, 1)]
    assert arm_of(base, base).difference is None
    assert arm_of(base).difference is None
    assert arm_of([make_run(seed=5)], base).difference is None


def test_failed_runs_count_as_a_coin_and_are_left_out_of_other_means():
    arm = arm_of([make_run(seed=0, accuracy=0.8), failed_run(seed=1)], best=0.8)
    assert arm.accuracy.mean == pytest.approx((0.8 + 0.5) / 2)
    assert arm.outcomes == ("trained", "diverged")
    assert arm.mean_of("target_angle") == 42.0
    assert arm_of([failed_run()]).mean_of("target_angle") is None


def test_outcomes_are_counted_the_worst_first():
    runs = [make_run(seed=s) for s in (0, 1)]
    runs += [failed_run(seed=2, failure="collapsed"), failed_run(seed=3)]
    arm = arm_of(runs)
    assert arm.worst_outcome == "diverged"
    assert arm.outcome_text == "1 diverged, 1 collapsed, 2 trained"


def test_a_kind_leaves_out_margin_and_detachment():
    arguments = {"variant": "v1", "margin": 2.0, "detach": True, "scale": 30.0}
    run = make_run("spherefacer", arguments=arguments)
    assert kind_of(run) == "spherefacer variant=v1 scale=30"
