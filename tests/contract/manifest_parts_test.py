import dataclasses
import json

import pytest

from keras_sphereface.contract import (
    Calibration,
    OperatingPoint,
    QualityLimits,
    ScoreHistogram,
)
from keras_sphereface.contract.manifest_parts import (
    read_added_parts,
    read_points,
)

POINT = OperatingPoint(0.02, 0.5, far_interval=(0.01, 0.03))


def as_json(value):
    return json.loads(json.dumps(dataclasses.asdict(value)))


def test_points_come_back():
    assert read_points([as_json(POINT)]) == (POINT,)
    older = as_json(POINT)
    del older["far_interval"]
    (found,) = read_points([older])
    assert found == dataclasses.replace(POINT, far_interval=None)


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ({}, "`operating_points` must be a list"),
        ([1], r"`operating_points\[0\]` must be a JSON object"),
        ([{"far": 0.1}], r"`operating_points\[0\]` has wrong keys"),
        ([{**as_json(POINT), "far": 2}], "`far` must be"),
    ],
)
def test_wrong_points_are_named(points, message):
    with pytest.raises(ValueError, match=message):
        read_points(points)


def test_parts_come_back_or_are_none():
    calibration = Calibration(17.0, -3.5, 0.5)
    histogram = ScoreHistogram((0, 1), (2, 3))
    quality = QualityLimits(contrast=7, nod=(0.1, 0.9))
    found = read_added_parts(
        {
            "calibration": as_json(calibration),
            "histogram": as_json(histogram),
            "quality": as_json(quality),
            "other": 1,
        }
    )
    assert found == {
        "calibration": calibration,
        "histogram": histogram,
        "quality": quality,
    }
    assert read_added_parts({"calibration": None}) == {
        "calibration": None,
        "histogram": None,
        "quality": None,
    }
    with pytest.raises(ValueError, match="`histogram` has wrong keys"):
        read_added_parts({"histogram": {"genuine": [1, 2]}})
