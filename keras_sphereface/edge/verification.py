"""The answer to whether two faces are one person."""

from dataclasses import dataclass, field

from keras_sphereface.edge.detected_face import DetectedFace


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
        face_a: `DetectedFace`, which face of the first photograph it is about,
            or `None` of an aligned crop and of given landmarks. Defaults to
            `None`.
        face_b: the same of the second.
    """

    score: float
    threshold: float
    same: bool
    far: float | None = None
    data: str | None = None
    # Arrays are no part of what makes two decisions equal.
    face_a: DetectedFace | None = field(default=None, compare=False, repr=False)
    face_b: DetectedFace | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        verdict = "same person" if self.same else "different people"
        comparison = "at least" if self.same else "below"
        origin = "" if self.far is None else f", FAR {self.far:g}"
        if self.data is not None:
            origin += f" on {self.data}"
        return (
            f"{verdict}: score {self.score:.4f} is {comparison} the threshold "
            f"{self.threshold:.4f}{origin}"
        )
