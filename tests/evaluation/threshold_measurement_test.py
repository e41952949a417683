import numpy as np
import pytest

from keras_sphereface.evaluation import (
    measure_thresholds,
    strictest_steady_far,
)


@pytest.mark.parametrize(
    ("pairs", "far"),
    [
        (299, None),
        (300, 0.1),
        (599, 0.1),
        (600, 0.05),
        (1000, 0.03),
        (1500, 0.02),
        (2999, 0.02),
        (3000, 0.01),
        (30_000, 1e-3),
        (3_000_000, 1e-5),
    ],
)
def test_thirty_pairs_above_are_needed(pairs, far):
    assert strictest_steady_far(pairs) == far


def draw(genuine=500, impostor=1500):
    rng = np.random.default_rng(0)
    scores = np.concatenate(
        [rng.normal(0.6, 0.1, genuine), rng.normal(0.0, 0.1, impostor)]
    )
    return {
        "scores": np.clip(scores, -1, 1),
        "is_same": np.arange(genuine + impostor) < genuine,
    }


def test_a_steady_rate_stands_beside_those_asked_for():
    pairs = draw()
    found = measure_thresholds(**pairs, fars=[0.1, 0.001], name="mine")
    points = found.operating_points
    assert [point.far for point in points] == [0.1, 0.02, 0.001]
    assert [point.is_steady for point in points] == [True, True, False]
    impostor = np.sort(pairs["scores"][~pairs["is_same"]])[::-1]
    # 30 of 1,500 reach it, and the 31st does not.
    assert impostor[30] < points[1].threshold <= impostor[29]
    low, high = points[1].far_interval
    assert low < 0.02 < high
    assert {point.data for point in points} == {"mine"}
    assert any("FAR=1e-3 is UNSTEADY" in note for note in found.notes)


def test_counts_and_calibration_are_of_the_same_scores():
    found = measure_thresholds(**draw())
    assert sum(found.histogram.genuine) == 500
    assert sum(found.histogram.impostor) == 1500
    assert found.calibration.genuine_share == 0.25
    assert found.calibration.probability(0.6) > 0.99


def test_too_few_pairs_leave_no_point():
    found = measure_thresholds(**draw(5, 5), fars=[0.01])
    assert found.operating_points == ()
    assert "needs 100 pairs" in found.notes[0]
