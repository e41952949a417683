"""The parts of a manifest that are objects of their own, out of its JSON."""

from dataclasses import fields
from typing import Any

from keras_sphereface.contract.face_quality import QualityLimits
from keras_sphereface.contract.operating_point import OperatingPoint
from keras_sphereface.contract.score_calibration import Calibration
from keras_sphereface.contract.score_histogram import ScoreHistogram
from keras_sphereface.contract.strict_json import check_keys

# Artifacts written before these were added are read as if they were `None`.
ADDED_PARTS = {
    "calibration": Calibration,
    "histogram": ScoreHistogram,
    "quality": QualityLimits,
}
_ADDED_TO_POINTS = frozenset(
    {"far_interval", "tar_interval", "threshold_interval"}
)


def read_points(points: object) -> tuple[OperatingPoint, ...]:
    """Operating points of a manifest.

    Args:
        points: JSON, a list of objects.

    Returns:
        Tuple of `OperatingPoint`.

    Raises:
        ValueError: another value, a key that is missing or unknown.
    """
    if not isinstance(points, list):
        raise ValueError(
            "`operating_points` must be a list. "
            f"Received: operating_points={points!r}"
        )
    for index, point in enumerate(points):
        check_keys(
            f"`operating_points[{index}]`",
            point,
            fields(OperatingPoint),
            optional=_ADDED_TO_POINTS,
        )
    return tuple(OperatingPoint(**point) for point in points)


def read_added_parts(content: dict[str, Any]) -> dict[str, Any]:
    """What manifests of before do not have.

    Args:
        content: dict, the manifest's JSON.

    Returns:
        Dict with the keys of `ADDED_PARTS`, objects or `None`.

    Raises:
        ValueError: a key that is missing or unknown, a wrong value.
    """
    found = {}
    for name, kind in ADDED_PARTS.items():
        value = content.get(name)
        if value is not None:
            check_keys(f"`{name}`", value, fields(kind))
            value = kind(**value)
        found[name] = value
    return found
