import pytest

from keras_sphereface.contract import (
    Calibration,
    FaceInput,
    Manifest,
    OperatingPoint,
    ScoreHistogram,
)
from keras_sphereface.edge.decision_rule import DecisionRule

LOOSE = OperatingPoint(0.1, 0.2, impostor_pairs=3000, data="LFW")
STEADY = OperatingPoint(0.01, 0.4, impostor_pairs=3000, data="LFW")
UNSTEADY = OperatingPoint(0.001, 0.6, impostor_pairs=3000, data="LFW")


def make_manifest(points=(UNSTEADY, STEADY, LOOSE), **changes):
    return Manifest(FaceInput(), 8, points, package_version="1", **changes)


def test_the_strictest_steady_threshold_decides_unless_one_is_chosen():
    rule = DecisionRule(make_manifest(), None, None)
    assert rule.operating_point == STEADY
    assert rule.of(None) == {
        "threshold": 0.4,
        "far": 0.01,
        "data": "LFW",
        "point": STEADY,
    }
    assert rule.of(-0.5) == {"threshold": -0.5}
    strict = DecisionRule(make_manifest(), 0.001, None)
    assert strict.of(None)["point"] == UNSTEADY


def test_without_points_a_threshold_is_needed():
    rule = DecisionRule(make_manifest(()), None, None)
    assert rule.operating_point is None
    assert rule.of(0.3) == {"threshold": 0.3}
    with pytest.raises(ValueError, match="needs a `threshold`"):
        rule.of(None)
    with pytest.raises(ValueError, match="`threshold` is a cosine"):
        rule.of(1.5)


@pytest.mark.parametrize("measured", [False, True])
@pytest.mark.parametrize("used", [None, False, True])
def test_scores_made_in_another_way_are_not_judged(measured, used):
    point = OperatingPoint(0.1, 0.2, impostor_pairs=3000, flip=measured)
    manifest = make_manifest(
        (point,),
        calibration=Calibration(10.0, -4.0, 0.5),
        histogram=ScoreHistogram((0, 9), (9, 0)),
    )
    rule = DecisionRule(manifest, None, used)
    assert rule.flip == (measured if used is None else used)
    if rule.flip == measured:
        assert rule.see(0.4) == pytest.approx(0.5)
        assert rule.drift.total == 1
    else:
        assert rule.see(0.4) is None
        assert rule.drift is None


def test_a_flip_that_is_no_bool_is_named():
    with pytest.raises(ValueError, match="`flip` must be"):
        DecisionRule(make_manifest(), None, 2)
