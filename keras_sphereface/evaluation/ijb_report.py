"""What a run of IJB-B or IJB-C measured, for people and for files."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from keras_sphereface.evaluation.identification_report import (
    IdentificationReport,
)
from keras_sphereface.evaluation.insightface_tables import InsightFaceSearch
from keras_sphereface.evaluation.text_table import (
    far_text,
    percent,
    text_table,
)
from keras_sphereface.evaluation.verification_report import VerificationReport


@dataclass(frozen=True)
class IjbReport:
    """The result of one benchmark; print it to see the tables.

    Args:
        name: str, what was measured.
        num_images: int.
        num_media: int, media counted once for each template they are in.
        num_templates: int.
        weighting: `"mean"` or `"norm"`, as in `pool_templates`.
        detector_score: bool, whether images weigh by the detector's score.
        flip: bool, whether mirror images were embedded too; `None`: not known.
        verification: `VerificationReport` of 1:1, or `None` without pairs.
            Its thresholds are for templates, not for single images.
        insightface_tars: dict of float to float, TAR by FAR as
            `nearest_far_tars` has it; empty without pairs.
        identification: dict of str to `IdentificationReport`, by gallery;
            empty without 1:N.
        insightface_search: `InsightFaceSearch`, or `None` where its rules do
            not apply.
        notes: tuple of str, what is to be known about the numbers.
        scores: float64 `[num_pairs]`, for plots; not in `to_dict`.
        is_same: bool `[num_pairs]`, for plots; not in `to_dict`.
    """

    name: str
    num_images: int
    num_media: int
    num_templates: int
    weighting: str
    detector_score: bool
    flip: bool | None
    verification: VerificationReport | None = None
    insightface_tars: Mapping[float, float] = field(default_factory=dict)
    identification: Mapping[str, IdentificationReport] = field(
        default_factory=dict
    )
    insightface_search: InsightFaceSearch | None = None
    notes: tuple[str, ...] = ()
    scores: np.ndarray | None = field(default=None, repr=False, compare=False)
    is_same: np.ndarray | None = field(default=None, repr=False, compare=False)

    @property
    def title(self) -> str:
        """What was measured, on how much, and how it was pooled."""
        mirrored = {True: ", mirror images", False: "", None: ""}[self.flip]
        return (
            f"{self.name} ({self.num_images:,} images, {self.num_media:,} "
            f"media, {self.num_templates:,} templates; {self.weighting} "
            f"weights{', detector scores' if self.detector_score else ''}"
            f"{mirrored})"
        )

    def insightface_rows(self) -> list[tuple[str, str]]:
        """InsightFace's numbers, one row each, as text."""
        rows = [
            (f"TAR@FAR={far_text(far)}", percent(tar))
            for far, tar in self.insightface_tars.items()
        ]
        search = self.insightface_search
        if search is not None:
            rows += [
                (f"top {rank}", percent(rate))
                for rank, rate in search.rank_rates.items()
            ]
            rows += [
                (f"recall at {far_text(rate)} per probe", percent(recall))
                for rate, recall in search.recalls.items()
            ]
        return rows

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON types; rates and ranks become text keys."""
        search = self.insightface_search
        return {
            "name": self.name,
            "num_images": self.num_images,
            "num_media": self.num_media,
            "num_templates": self.num_templates,
            "weighting": self.weighting,
            "detector_score": self.detector_score,
            "flip": self.flip,
            "verification": self.verification and self.verification.to_dict(),
            "identification": {
                name: one.to_dict() for name, one in self.identification.items()
            },
            "insightface": {
                "tar_at_far": _texts(self.insightface_tars),
                "rank_rates": _texts(search.rank_rates if search else {}),
                "recalls": _texts(search.recalls if search else {}),
                "thresholds": _texts(search.thresholds if search else {}),
            },
            "notes": list(self.notes),
        }

    def table(self) -> str:
        """The report as aligned text."""
        parts = [self.title]
        if self.verification is not None:
            parts.append(f"1:1: {self.verification}")
        parts += [f"1:N: {one}" for one in self.identification.values()]
        rows = self.insightface_rows()
        if rows:
            parts.append(text_table("by InsightFace's rules", rows))
        parts.append("\n".join(self.notes))
        return "\n\n".join(part for part in parts if part)

    def __str__(self) -> str:
        return self.table()


def _texts(values: Mapping[Any, float]) -> dict[str, float]:
    return {f"{key:g}": value for key, value in values.items()}
