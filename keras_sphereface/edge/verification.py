"""The answer to whether two faces are one person."""

from dataclasses import dataclass, field

from keras_sphereface.contract.operating_point import (
    STEADY_PAIRS,
    OperatingPoint,
)
from keras_sphereface.edge.detected_face import DetectedFace
from keras_sphereface.edge.quality_gate import quality_words


@dataclass(frozen=True)
class Verification:
    """A decision about two faces, and what it rests on.

    Args:
        score: float in `[-1, 1]`, cosine similarity of the two embeddings.
        threshold: float; the faces are the same person from here on.
        same: bool, whether `score >= threshold`.
        far: float, the false accept rate the threshold was measured at, or
            `None` if the caller chose the threshold. Defaults to `None`.
        data: str, what it was measured on, or `None`. Defaults to `None`.
        point: `contract.OperatingPoint` that decided, with all that is known
            of it, or `None` if the caller chose the threshold. Defaults to
            `None`.
        probability: float in `[0, 1]`, how probable one person is if both
            answers were as probable before; `None` where the file has no
            calibration. `manifest.calibration.probability(score, prior=)` is
            that of another place. Defaults to `None`.
        face_a: `DetectedFace`, which face of the first photograph it is about,
            or `None` of an aligned crop and of given landmarks. Defaults to
            `None`.
        face_b: the same of the second.
        problems_a: tuple of str, what is wrong with the first face by the
            verifier's `quality`, so that the answer is worth less. Defaults to
            `()`.
        problems_b: the same of the second. Defaults to `()`.
    """

    score: float
    threshold: float
    same: bool
    far: float | None = None
    data: str | None = None
    point: OperatingPoint | None = None
    probability: float | None = None
    # Arrays are no part of what makes two decisions equal.
    face_a: DetectedFace | None = field(default=None, compare=False, repr=False)
    face_b: DetectedFace | None = field(default=None, compare=False, repr=False)
    problems_a: tuple[str, ...] = ()
    problems_b: tuple[str, ...] = ()

    @property
    def far_interval(self) -> tuple[float, float] | None:
        """95 % interval of the false accept rate, if it is known."""
        return None if self.point is None else self.point.far_interval

    @property
    def is_steady(self) -> bool | None:
        """Whether the rate rests on enough pairs; `None` without a rate."""
        return None if self.point is None else self.point.is_steady

    def __str__(self) -> str:
        verdict = "same person" if self.same else "different people"
        comparison = "at least" if self.same else "below"
        origin = "" if self.far is None else f", FAR {self.far:g}"
        if self.far_interval is not None:
            low, high = self.far_interval
            origin += f" [{low:.2g}, {high:.2g}]"
        if self.data is not None:
            origin += f" on {self.data}"
        if self.probability is not None:
            origin += f"; probability {self.probability:.3f} at even odds"
        poor = quality_words(
            [("image_a", self.problems_a), ("image_b", self.problems_b)]
        )
        return (
            f"{verdict}: score {self.score:.4f} is {comparison} the threshold "
            f"{self.threshold:.4f}{origin}"
            f"{'' if self.point is None else unsteady_words(self.point)}{poor}"
        )


def unsteady_words(point: OperatingPoint) -> str:
    """What must be said of a threshold that rests on too few pairs.

    Args:
        point: `contract.OperatingPoint`.

    Returns:
        str after the sentence it belongs to; `""` for a steady one.
    """
    if point.is_steady:
        return ""
    pairs, above = point.impostor_pairs, point.impostors_above
    rests = (
        "on how many pairs of different people it rests is not known"
        if pairs is None
        else f"it rests on {above} of {pairs:,} pairs of different people"
    )
    return (
        f"; this threshold is UNSTEADY: {rests}, and {STEADY_PAIRS} would "
        "make it steady"
    )
