"""Which faces are good enough to enrol, and what is wrong with others."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from keras_sphereface.contract import QualityLimits, measure_quality
from keras_sphereface.contract.face_quality import MIN_CROP_SIZE
from keras_sphereface.edge.detected_face import DetectedFace

# So many images are named in an error.
_NAMED = 3


class PoorFaceError(ValueError):
    """A face that is too blurred, dark, small or turned to enrol somebody by.

    Args:
        message: str.
        problems: tuple per image, what is wrong with it in words.
    """

    def __init__(
        self, message: str, problems: tuple[tuple[str, ...], ...]
    ) -> None:
        super().__init__(message)
        self.problems = problems


def face_problems(
    limits: QualityLimits,
    batch: np.ndarray,
    faces: Sequence[DetectedFace | None],
    landmarks: npt.ArrayLike | None = None,
) -> tuple[tuple[str, ...], ...]:
    """What is wrong with each face of a batch.

    Args:
        limits: `contract.QualityLimits`.
        batch: `[num_faces, height, width, 3]`, aligned RGB in `[0, 255]`.
        faces: sequence of `num_faces`, what a detector found, or `None`.
        landmarks: `[5, 2]` or `[num_faces, 5, 2]` that the caller gave.
            Defaults to `None`.

    Returns:
        Tuple per face of what is wrong with it in words, `()` if nothing.
    """
    if min(batch.shape[1:3]) < MIN_CROP_SIZE:
        return ((),) * len(batch)
    points: Sequence[npt.ArrayLike | None]
    points = [None if face is None else face.landmarks for face in faces]
    if landmarks is not None:
        points = [*np.reshape(np.asarray(landmarks, float), (-1, 5, 2))]
    return tuple(
        limits.problems(measure_quality(crop, own))
        for crop, own in zip(batch, points, strict=True)
    )


def refuse_poor_faces(problems: tuple[tuple[str, ...], ...]) -> None:
    """Raises if anything is wrong with a face.

    Args:
        problems: what `face_problems` returns.

    Raises:
        PoorFaceError: names the images and what is wrong with them.
    """
    poor = [index for index, words in enumerate(problems) if words]
    if not poor:
        return
    said = "; ".join(
        f"images[{index}]: {', '.join(problems[index])}"
        for index in poor[:_NAMED]
    )
    rest = f"; and {len(poor) - _NAMED} more" if len(poor) > _NAMED else ""
    raise PoorFaceError(
        "`images` must be good enough to know somebody by. Take others, or "
        "pass `check_quality=False` to enrol these nevertheless. "
        f"Received: {said}{rest}",
        problems,
    )


def quality_words(problems: Sequence[tuple[str, Sequence[str]]]) -> str:
    """What must be said of an answer about poor faces.

    Args:
        problems: pairs of what an image is called and what is wrong with it.

    Returns:
        Str, empty if nothing is.
    """
    return "".join(
        f"; mind {name}: {', '.join(words)}"
        for name, words in problems
        if words
    )
