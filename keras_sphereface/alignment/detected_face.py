"""A face that a detector found, and which one of several to take."""

from typing import NamedTuple

import numpy as np

from keras_sphereface.contract.arguments import check_choice

RULES = ("largest", "center", "best_score")


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
    faces: list[DetectedFace], image_size: tuple[int, int], rule: str
) -> DetectedFace | None:
    """The face that a picture is of.

    Args:
        faces: list of `DetectedFace`.
        image_size: `(height, width)` of the picture.
        rule: `"largest"` takes the box of the largest area; `"center"` the one
            whose middle is nearest to that of the picture; `"best_score"` the
            one that the detector is surest of. The first of equal ones.

    Returns:
        `DetectedFace`, or `None` without faces.
    """
    check_choice("rule", rule, RULES)
    if not faces:
        return None
    if rule == "largest":
        return max(faces, key=lambda face: face.box[2] * face.box[3])
    if rule == "best_score":
        return max(faces, key=lambda face: face.score)
    middle = np.array(image_size[::-1]) / 2

    def distance(face):
        box = np.asarray(face.box, np.float64)
        return float(np.linalg.norm(box[:2] + box[2:] / 2 - middle))

    return min(faces, key=distance)
