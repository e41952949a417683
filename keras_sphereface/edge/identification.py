"""The answer to who somebody is."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from keras_sphereface.contract.operating_point import OperatingPoint
from keras_sphereface.edge.detected_face import DetectedFace
from keras_sphereface.edge.quality_gate import quality_words
from keras_sphereface.edge.snapshot_search import Matches
from keras_sphereface.edge.verification import unsteady_words


class Candidate(NamedTuple):
    """Somebody in the gallery, and how much the face looks like them.

    Args:
        name: str.
        score: float in `[-1, 1]`.
    """

    name: str
    score: float


@dataclass(frozen=True)
class Identification:
    """Who a face belongs to, if it is anyone in the gallery.

    Args:
        name: str, the best candidate if `score >= threshold`, else `None`:
            somebody unknown.
        candidates: tuple of `Candidate`, the best first; empty if the gallery
            is.
        threshold: float; the best candidate is named from here on.
        comparisons: int, how many the best candidate is the best of.
        far: float, the false accept rate of one comparison at the threshold,
            or `None` if the caller chose the threshold. Defaults to `None`.
        data: str, what it was measured on, or `None`. Defaults to `None`.
        point: `contract.OperatingPoint` that decided, or `None` if the caller
            chose the threshold. Defaults to `None`.
        face: `DetectedFace`, which face of the photograph it is about, or
            `None` of an aligned crop and of given landmarks. Defaults to
            `None`.
        problems: tuple of str, what is wrong with the face by the verifier's
            `quality`, so that the answer is worth less. Defaults to `()`.
    """

    name: str | None
    candidates: tuple[Candidate, ...]
    threshold: float
    comparisons: int
    far: float | None = None
    data: str | None = None
    point: OperatingPoint | None = None
    # Arrays are no part of what makes two answers equal.
    face: DetectedFace | None = field(default=None, compare=False, repr=False)
    problems: tuple[str, ...] = ()

    @property
    def score(self) -> float | None:
        """The best candidate's score; `None` in an empty gallery."""
        return self.candidates[0].score if self.candidates else None

    @property
    def false_alarm_rate(self) -> float | None:
        """How often a stranger gets some name, `1 - (1 - far)^comparisons`.

        As if comparisons were independent. A threshold that lets one of a
        thousand impostors in at a door names two of three strangers in a
        gallery of a thousand. `None` if `far` is.
        """
        if self.far is None:
            return None
        return 1 - (1 - self.far) ** self.comparisons

    def __str__(self) -> str:
        if not self.candidates:
            return "unknown: the gallery is empty"
        best = self.candidates[0]
        known = self.name is not None
        origin = ""
        if self.far is not None:
            on = "" if self.data is None else f" on {self.data}"
            origin = (
                f", FAR {self.far:g}{on}; a stranger gets some name in "
                f"{self.false_alarm_rate:.2g} of cases"
            )
        return (
            f"{self.name if known else 'unknown'}: "
            f"{'score' if known else f'the best is {best.name}, whose score'} "
            f"{best.score:.4f} is {'at least' if known else 'below'} the "
            f"threshold {self.threshold:.4f}{origin}"
            f"{'' if self.point is None else unsteady_words(self.point)}"
            f"{quality_words([('the image', self.problems)])}"
        )


def identifications(
    found: Matches,
    faces: Sequence[DetectedFace | None],
    problems: Sequence[tuple[str, ...]],
    rule: dict[str, Any],
) -> list[Identification]:
    """The answers to a search.

    Args:
        found: `Matches` of `num_probes` probes.
        faces: sequence of `num_probes`, which face each probe is, or `None`.
        problems: sequence of `num_probes`, what is wrong with each.
        rule: dict of `threshold`, and perhaps of `far` and `data`.

    Returns:
        List of `Identification`, one per probe.
    """
    answers = []
    for names, scores, face, words in zip(
        found.names, found.scores, faces, problems, strict=True
    ):
        candidates = tuple(
            Candidate(name, float(score))
            for name, score in zip(names, scores, strict=True)
        )
        known = candidates and candidates[0].score >= rule["threshold"]
        answers.append(
            Identification(
                name=candidates[0].name if known else None,
                candidates=candidates,
                comparisons=found.comparisons,
                face=face,
                problems=words,
                **rule,
            )
        )
    return answers
