import threading
import warnings

import numpy as np
import pytest

from keras_sphereface.contract import ScoreHistogram
from keras_sphereface.edge import ScoreDriftWarning
from keras_sphereface.edge.score_drift import FIRST_LOOK, ScoreDrift


def draw(rng, count, share, shift=0.0):
    """Scores of pairs, a share of them genuine."""
    is_same = rng.random(count) < share
    scores = np.where(
        is_same, rng.normal(0.6, 0.1, count), rng.normal(0.05, 0.1, count)
    )
    return np.clip(scores + shift, -1, 1), is_same


def add_all(drift, scores):
    for score in scores:
        drift.add(score)


def measured(rng, count=3000):
    scores, is_same = draw(rng, count, 0.5)
    return ScoreHistogram.of(scores=scores, is_same=is_same)


@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 0.97, 1.0])
def test_the_same_faces_are_no_drift_however_many_are_genuine(share):
    # One false alarm in a thousand looks would be chance; these are 200.
    rng = np.random.default_rng(0)
    histogram = measured(rng)
    for _ in range(40):
        drift = ScoreDrift(histogram)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            add_all(drift, draw(rng, FIRST_LOOK, share)[0])
        assert not drift.is_drifted()


@pytest.mark.parametrize("shift", [0.15, -0.15])
def test_scores_that_moved_are_told(shift):
    rng = np.random.default_rng(1)
    drift = ScoreDrift(measured(rng), "LFW")
    scores, _ = draw(rng, 2 * FIRST_LOOK, 0.5, shift)
    with pytest.warns(ScoreDriftWarning, match="those of LFW") as told:
        add_all(drift, scores)
    # At 200 and 400, and not at every score.
    assert len(told) == 2
    assert drift.to_dict()["is_drifted"]


def test_a_few_scores_tell_nothing():
    drift = ScoreDrift(measured(np.random.default_rng(2)))
    assert drift.distance() == 0
    for _ in range(FIRST_LOOK - 1):
        drift.add(-1.0)
    assert not drift.is_drifted()
    assert drift.distance() > 0.9
    assert drift.total == FIRST_LOOK - 1


def test_the_distance_is_that_of_the_nearest_mixture():
    # Parts of 1: genuine are right, impostors left. Three of four seen on the
    # right is a mixture; both in the outermost of three parts is not.
    drift = ScoreDrift(ScoreHistogram((0, 10), (10, 0)))
    for score in (0.5, 0.5, 0.5, -0.5):
        drift.add(score)
    assert drift.counts == (1, 3)
    assert drift.distance() == pytest.approx(0)
    middle = ScoreDrift(ScoreHistogram((0, 10, 0), (0, 10, 0)))
    middle.add(0.9)
    assert middle.distance() == 1


def test_threads_lose_no_score():
    drift = ScoreDrift(ScoreHistogram((1, 1), (1, 1)))

    def add():
        for _ in range(2000):
            drift.add(-0.5 if threading.get_ident() % 2 else 0.5)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        threads = [threading.Thread(target=add) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert drift.total == 8000
