"""A face that a detector found, and which one of several to take."""

from typing import NamedTuple

import numpy as np

from keras_sphereface.contract.arguments import check_choice

CENTER_AND_SIZE = "center_and_size"
RULES = (CENTER_AND_SIZE, "largest", "center", "best_score")
# So far from the middle, in diagonals of the picture, a face counts as half as
# large as it is.
_HALF_WAY = 0.2


class DetectedFace(NamedTuple):
    """One face in a picture.

    Attributes:
        box: float array, `[4]`: x and y of the upper left corner, width and
            height, in pixels.
        landmarks: float array, `[5, 2]`, x and y: left eye, right eye, nose,
            left and right corner of the mouth, as seen in the picture.
        score: float, the higher the surer.
    """

    box: np.ndarray
    landmarks: np.ndarray
    score: float


def choose_face(
    faces: list[DetectedFace],
    image_size: tuple[int, int],
    rule: str = CENTER_AND_SIZE,
) -> DetectedFace | None:
    """The face that a picture is of.

    Args:
        faces: list of `DetectedFace`.
        image_size: `(height, width)` of the picture.
        rule: `"center_and_size"` takes the one of the largest `prominence`:
            neither a passer-by near the edge, however near the camera, nor a
            small face in the background that happens to be in the middle;
            `"largest"` the box of the largest area; `"center"` the one whose
            middle is nearest to that of the picture; `"best_score"` the one
            that the detector is surest of. The first of equal ones. Defaults
            to `"center_and_size"`.

    Returns:
        `DetectedFace`, or `None` without faces.
    """
    check_choice("rule", rule, RULES)
    if not faces:
        return None
    if rule == CENTER_AND_SIZE:
        return max(faces, key=lambda face: prominence(face, image_size))
    if rule == "largest":
        return max(faces, key=lambda face: face.box[2] * face.box[3])
    if rule == "best_score":
        return max(faces, key=lambda face: face.score)
    return min(faces, key=lambda face: _off_center(face, image_size))


def prominence(face: DetectedFace, image_size: tuple[int, int]) -> float:
    """How much a face is what its picture is of.

    The side of its box in pixels, divided by `1 + (d / 0.2)^2` at `d`
    diagonals of the picture from the middle.

    Args:
        face: `DetectedFace`.
        image_size: `(height, width)` of the picture.

    Returns:
        Float, at most the side of a square of the box's area.
    """
    side = float(np.sqrt(max(0.0, face.box[2] * face.box[3])))
    distance = _off_center(face, image_size) / float(np.hypot(*image_size))
    return side / (1 + (distance / _HALF_WAY) ** 2)


def _off_center(face: DetectedFace, image_size: tuple[int, int]) -> float:
    box = np.asarray(face.box, np.float64)
    middle = np.array(image_size[::-1]) / 2
    return float(np.linalg.norm(box[:2] + box[2:] / 2 - middle))
