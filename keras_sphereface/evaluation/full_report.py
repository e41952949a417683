"""Everything about one model on one pair set, for a report with pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from keras_sphereface.contract import FaceInput, default_operating_point
from keras_sphereface.contract.similarity import Embed
from keras_sphereface.evaluation.calibration import (
    Calibration,
    Reliability,
    fit_calibration,
    held_out_probabilities,
    reliability,
)
from keras_sphereface.evaluation.folds import measured_folds
from keras_sphereface.evaluation.groups import GroupReport, compare_groups
from keras_sphereface.evaluation.pair_verification import (
    verify_scores,
)
from keras_sphereface.evaluation.scores import score_pairs
from keras_sphereface.evaluation.verification_report import VerificationReport
from keras_sphereface.pairs import PairSet

ALL_FARS = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6)


@dataclass(frozen=True)
class FullReport:
    """What one model does on one pair set; print it to see the tables.

    Args:
        pairs: `PairSet`.
        scores: float32 `[num_pairs]`, cosine similarities.
        report: `VerificationReport`.
        calibration: `Calibration` on all pairs.
        reliability: `Reliability` of probabilities held out by fold.
        groups: tuple of `GroupReport`, one per attribute.
    """

    pairs: PairSet
    scores: np.ndarray
    report: VerificationReport
    calibration: Calibration
    reliability: Reliability
    groups: tuple[GroupReport, ...] = ()

    def hardest(self, is_same: bool, count: int = 8) -> list[int]:
        """The pairs whose score is most wrong, worst first.

        Args:
            is_same: bool, genuine pairs of low score, or impostor pairs of
                high score.
            count: int. Defaults to `8`.

        Returns:
            List of int, positions in `pairs`.
        """
        kind = np.flatnonzero(self.pairs.is_same == is_same)
        wrong = self.scores[kind] if is_same else -self.scores[kind]
        return kind[np.argsort(wrong, kind="stable")[:count]].tolist()

    def to_dict(self) -> dict[str, Any]:
        """All as JSON types, the hardest pairs by name."""
        content = self.report.to_dict()
        content["calibration"] = self.calibration.to_dict()
        content["calibration"]["error"] = self.reliability.calibration_error
        content["groups"] = [group.to_dict() for group in self.groups]
        content["hardest_pairs"] = [
            {
                "a": self.pairs.names[self.pairs.index_a[pair]],
                "b": self.pairs.names[self.pairs.index_b[pair]],
                "is_same": bool(self.pairs.is_same[pair]),
                "score": float(self.scores[pair]),
            }
            for is_same in (True, False)
            for pair in self.hardest(is_same)
        ]
        return content

    def __str__(self) -> str:
        return "\n\n".join(str(part) for part in (self.report, *self.groups))


def full_report(
    embed: Embed,
    pairs: PairSet,
    *,
    attributes: Mapping[str, npt.ArrayLike] | None = None,
    fars: Sequence[float] = ALL_FARS,
    flip: bool = False,
    batch_size: int = 64,
    name: str = "verification",
    face_input: FaceInput | None = None,
    progress: bool = False,
    protocol: str = "midpoints",
    resamples: int = 1000,
) -> FullReport:
    """Embeds a pair set and measures all there is to measure.

    Args:
        embed: as in `evaluate_pairs`; what it says of itself in `notes`, strs,
            stands in those of the report.
        pairs: `PairSet`.
        attributes: dict of str arrays `[num_pairs, 2]` by attribute, from
            `read_attributes`. Their shared threshold is that of the lowest FAR
            behind which 30 impostor pairs stand, or of the highest measured.
            Defaults to `None`.
        fars: floats in `(0, 1]`. Defaults to 1e-1, 1e-2, ... 1e-6.
        flip: as in `evaluate_pairs`. Defaults to `False`.
        batch_size: int, at least 1. Defaults to `64`.
        name: str, what is measured. Defaults to `"verification"`.
        face_input: as in `evaluate_pairs`. Defaults to `None`.
        progress: bool, whether to show a progress bar. Defaults to `False`.
        protocol: as in `evaluate_pairs`. Defaults to `"midpoints"`.
        resamples: as in `evaluate_pairs`. Defaults to `1000`.

    Returns:
        `FullReport`.
    """
    folds = measured_folds(is_same=pairs.is_same, folds=pairs.folds)
    scores = score_pairs(
        embed,
        pairs,
        flip=flip,
        batch_size=batch_size,
        face_input=face_input,
        progress=progress,
    )
    truth = {"scores": scores, "is_same": pairs.is_same}
    report = verify_scores(
        **truth,
        folds=pairs.folds,
        people=pairs.pair_people,
        fars=fars,
        name=name,
        flip=flip,
        protocol=protocol,
        resamples=resamples,
    )
    notes = (*getattr(embed, "notes", ()), *report.notes)
    return FullReport(
        pairs=pairs,
        scores=scores,
        report=replace(report, notes=notes),
        calibration=fit_calibration(**truth),
        reliability=reliability(
            probabilities=held_out_probabilities(**truth, folds=folds),
            is_same=pairs.is_same,
        ),
        groups=tuple(
            compare_groups(
                **truth,
                groups=groups,
                threshold=_shared_threshold(report),
                attribute=attribute,
            )
            for attribute, groups in (attributes or {}).items()
        ),
    )


def _shared_threshold(report: VerificationReport) -> float:
    if not report.operating_points:
        raise ValueError(
            "`attributes` need a threshold, and no FAR could be measured. "
            f"Received: {list(report.notes)}"
        )
    return default_operating_point(report.operating_points).threshold
