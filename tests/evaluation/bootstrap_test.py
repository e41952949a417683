import math
from statistics import NormalDist

import numpy as np
import pytest

from keras_sphereface.evaluation import (
    area_under_curve,
    bootstrap_differences,
    bootstrap_intervals,
    equal_error,
    tar_at_far,
    threshold_at_far,
)

NORMAL = NormalDist()
DISTANCE = 2.0  # of genuine from impostor scores, in standard deviations


def draw_world(rng, *, num_people, genuine, impostors, person_share):
    """Scores of people with habits, of which the true rates are known.

    Scores of both kinds have standard deviation 1, of which the people on the
    pair make `person_share` for each, the same in all their pairs. `impostors`
    is the number of impostor pairs each person begins, or 0 to have each
    person in one impostor pair only.
    """
    looks = rng.normal(0, math.sqrt(person_share), (2, num_people))
    of_genuine = np.repeat(np.arange(num_people), genuine)
    if impostors:
        a = np.repeat(np.arange(num_people), impostors)
        b = (a + rng.integers(1, num_people, len(a))) % num_people
    else:
        a = np.arange(0, num_people, 2)
        b = a + 1
    scores = [
        DISTANCE
        + looks[0][of_genuine]
        + rng.normal(0, math.sqrt(1 - person_share), len(of_genuine)),
        looks[1][a]
        + looks[1][b]
        + rng.normal(0, math.sqrt(1 - 2 * person_share), len(a)),
    ]
    pairs = [np.stack([of_genuine] * 2, axis=1), np.stack([a, b], axis=1)]
    return {
        "scores": np.concatenate(scores),
        "is_same": np.arange(len(a) + len(of_genuine)) < len(of_genuine),
        "people": np.concatenate(pairs),
    }


def true_tar(far):
    return 1 - NORMAL.cdf(NORMAL.inv_cdf(1 - far) - DISTANCE)


WORLD = {
    "num_people": 60,
    "genuine": 3,
    "impostors": 10,
    "person_share": 0.16,
}


@pytest.mark.slow
@pytest.mark.release
@pytest.mark.parametrize(
    ("world", "far"),
    [
        # People in many pairs, as in protocols that pair all with all.
        ({**WORLD, "num_people": 300}, 0.01),
        # Nobody in two pairs: people must not be counted thrice.
        ({**WORLD, "num_people": 2000, "genuine": 1, "impostors": 0}, 0.05),
    ],
    ids=["shared", "lone"],
)
def test_a_95_percent_interval_holds_the_truth_in_95_percent_of_runs(
    world, far
):
    rng = np.random.default_rng(0)
    truths = {
        "tar": true_tar(far),
        "equal_error": NORMAL.cdf(-DISTANCE / 2),
        "auc": NORMAL.cdf(DISTANCE / math.sqrt(2)),
    }
    held = dict.fromkeys(truths, 0)
    for run in range(500):
        found = bootstrap_intervals(
            **draw_world(rng, **world), fars=(far,), resamples=300, seed=run
        )
        intervals = {
            "tar": found.tar_at_far[far],
            "equal_error": found.equal_error,
            "auc": found.auc,
        }
        for name, (low, high) in intervals.items():
            held[name] += low <= truths[name] <= high
    assert all(465 <= times <= 485 for times in held.values()), held


def test_people_in_many_pairs_widen_the_interval():
    rng = np.random.default_rng(0)
    world = draw_world(rng, **{**WORLD, "genuine": 12, "person_share": 0.4})
    known = bootstrap_intervals(**world, fars=(0.05,))
    blind = bootstrap_intervals(**{**world, "people": None}, fars=(0.05,))
    width = np.diff(known.tar_at_far[0.05])
    assert width > 1.5 * np.diff(blind.tar_at_far[0.05])
    assert known.num_people == 60


def test_intervals_hold_the_estimates():
    world = draw_world(np.random.default_rng(1), **WORLD)
    found = bootstrap_intervals(**world, fars=(0.1, 0.02))
    both = {name: world[name] for name in ("scores", "is_same")}
    assert found.equal_error[0] < equal_error(**both) < found.equal_error[1]
    assert found.auc[0] < area_under_curve(**both) < found.auc[1]
    for far in (0.1, 0.02):
        low, high = found.tar_at_far[far]
        assert low < tar_at_far(**both, far=far) < high
        low, high = found.threshold_at_far[far]
        assert low < threshold_at_far(**both, far=far) < high
        assert {low, high} <= set(world["scores"])


def test_more_confidence_and_fewer_people_are_wider():
    world = draw_world(np.random.default_rng(2), **WORLD)
    widths = [
        np.diff(bootstrap_intervals(**world, confidence=c).auc)
        for c in (0.5, 0.9, 0.99)
    ]
    assert widths[0] < widths[1] < widths[2]
    few = draw_world(np.random.default_rng(2), **{**WORLD, "num_people": 15})
    assert np.diff(bootstrap_intervals(**few, confidence=0.9).auc) > widths[1]


def test_perfect_separation_is_not_certainty():
    world = draw_world(np.random.default_rng(0), **WORLD)
    scores = world["is_same"].astype("float64")
    found = bootstrap_intervals(**{**world, "scores": scores}, fars=(0.01,))
    # 60 people: x ** 60 = 0.025
    assert found.tar_at_far[0.01] == (pytest.approx(0.025 ** (1 / 60)), 1.0)
    hopeless = bootstrap_intervals(
        **{**world, "scores": np.ones(len(scores))}, fars=(0.01,)
    )
    low, high = hopeless.tar_at_far[0.01]
    assert (low, high) == (0.0, pytest.approx(1 - 0.025 ** (1 / 60)))
    assert hopeless.auc == (0.5, 0.5)


def test_a_real_difference_is_clear_and_a_sham_one_is_not():
    rng = np.random.default_rng(3)
    world = draw_world(rng, **{**WORLD, "num_people": 150})
    a = world.pop("scores")
    better = a + 0.4 * world["is_same"]
    found = bootstrap_differences(
        scores_a=a, scores_b=better, **world, fars=(0.05,)
    )
    assert found["auc"].estimate == pytest.approx(
        area_under_curve(scores=better, is_same=world["is_same"])
        - area_under_curve(scores=a, is_same=world["is_same"])
    )
    assert found["auc"].is_clear
    assert found["auc"].estimate > 0
    assert found[0.05].is_clear
    assert found["equal_error"].interval[1] < 0

    same = bootstrap_differences(
        scores_a=a, scores_b=2 * a + 1, **world, fars=(0.05,)
    )
    assert all(d.interval == (0.0, 0.0) for d in same.values())
    assert not same["auc"].is_clear


def test_pairing_the_draws_is_narrower_than_two_intervals():
    rng = np.random.default_rng(4)
    world = draw_world(rng, **WORLD)
    a = world.pop("scores")
    b = a + rng.normal(0, 0.1, len(a))
    paired = bootstrap_differences(scores_a=a, scores_b=b, **world)
    alone = bootstrap_intervals(scores=a, **world)
    assert np.diff(paired["auc"].interval) < 0.5 * np.diff(alone.auc)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fars": (1e-4,)}, "far=0.0001 with 600 impostor pairs"),
        ({"confidence": 95}, "`confidence`.*95"),
        ({"scores": np.full(780, np.nan)}, r"scores\[0\]=nan"),
        ({"people": np.zeros((780, 2), int)}, r"people\[180\]=\[0, 0\]"),
    ],
)
def test_bad_input_is_named(change, message):
    world = draw_world(np.random.default_rng(0), **WORLD)
    with pytest.raises(ValueError, match=message):
        bootstrap_intervals(**{**world, **change})
