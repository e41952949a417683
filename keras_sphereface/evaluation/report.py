"""What a verification run measured, for people and for files."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field

import numpy as np

from keras_sphereface.contract import FaceInput, OperatingPoint
from keras_sphereface.evaluation.curves import (
    Roc,
    area_under_curve,
    check_scores,
    equal_error,
    operating_point_at_far,
    roc_curve,
    supports_far,
)
from keras_sphereface.evaluation.folds import fold_accuracies
from keras_sphereface.evaluation.pairs import PairSet
from keras_sphereface.evaluation.scores import score_pairs
from keras_sphereface.evaluation.text_table import (
    far_text,
    percent,
    text_table,
)

DEFAULT_FARS = (1e-1, 1e-2, 1e-3)


@dataclass(frozen=True)
class VerificationReport:
    """The result of one verification run; print it to see a table.

    Args:
        accuracy: float in `[0, 1]`, mean over the folds, each decided at the
            threshold that is best on the others.
        accuracy_std: float, standard deviation over the folds (of the folds
            themselves, divided by their number).
        auc: float in `[0, 1]`, area under the ROC curve.
        equal_error: float in `[0, 1]`, equal error rate.
        tar_at_far: dict of float to float, true accept rate by false accept
            rate. A rate that the pairs cannot measure is left out and stands
            in `notes`.
        operating_points: tuple of `OperatingPoint`, the thresholds behind
            `tar_at_far`, ready for an exported model.
        num_pairs: int.
        name: str, what was measured.
        notes: tuple of str, what could not be measured, and why. Defaults to
            `()`.
        roc: `Roc`, for plots; not in `to_dict`. Defaults to `None`.
    """

    accuracy: float
    accuracy_std: float
    auc: float
    equal_error: float
    tar_at_far: dict
    operating_points: tuple
    num_pairs: int
    name: str
    notes: tuple = ()
    roc: Roc | None = field(default=None, repr=False, compare=False)

    def to_dict(self) -> dict:
        """The report as JSON types; rates become text keys such as `"0.01"`."""
        return {
            "name": self.name,
            "num_pairs": self.num_pairs,
            "accuracy": self.accuracy,
            "accuracy_std": self.accuracy_std,
            "auc": self.auc,
            "equal_error": self.equal_error,
            "tar_at_far": {
                f"{far:g}": tar for far, tar in self.tar_at_far.items()
            },
            "operating_points": [asdict(p) for p in self.operating_points],
            "notes": list(self.notes),
        }

    def table(self) -> str:
        """The report as aligned text, one line a measure."""
        thresholds = {p.far: p.threshold for p in self.operating_points}
        rows = [
            (
                "ten-fold accuracy",
                percent(self.accuracy),
                f"± {100 * self.accuracy_std:.2f}",
            ),
            ("equal error rate", percent(self.equal_error), ""),
            ("area under curve", percent(self.auc), ""),
        ]
        for far, tar in self.tar_at_far.items():
            where = ""
            if far in thresholds:
                where = f"score >= {thresholds[far]:.4f}"
            rows.append((f"TAR@FAR={far_text(far)}", percent(tar), where))
        title = f"{self.name} ({self.num_pairs:,} pairs)"
        return "\n".join([text_table(title, rows), *self.notes])

    def __str__(self):
        return self.table()


def verify_scores(
    *,
    scores,
    is_same,
    folds,
    fars=DEFAULT_FARS,
    name: str = "verification",
    flip: bool = False,
) -> VerificationReport:
    """Measures everything a set of scored pairs can tell.

    Args:
        scores: float, `[num_pairs]`, cosine similarity.
        is_same: bool, `[num_pairs]`.
        folds: int, `[num_pairs]`.
        fars: floats in `(0, 1]`. One that is below 1 / number of impostor
            pairs is left out, with a note. Defaults to `(1e-1, 1e-2, 1e-3)`.
        name: str, what was measured. Defaults to `"verification"`.
        flip: bool, whether the scores were made with flip fusion; the
            operating points say so. Defaults to `False`.

    Returns:
        `VerificationReport`.
    """
    scores, is_same = check_scores(scores, is_same)
    accuracies = fold_accuracies(scores=scores, is_same=is_same, folds=folds)
    genuine_pairs = int(is_same.sum())
    impostor_pairs = len(is_same) - genuine_pairs
    tars, points, notes = {}, [], []
    for far in fars:
        if not supports_far(far=far, impostor_pairs=impostor_pairs):
            notes.append(
                f"FAR={far_text(far)} was not measured: it needs "
                f"{int(np.ceil(1 / far)):,} pairs of different people, here "
                f"are {impostor_pairs:,}."
            )
            continue
        threshold, tars[far] = operating_point_at_far(
            scores=scores, is_same=is_same, far=far
        )
        if not -1 <= threshold <= 1:
            notes.append(
                f"FAR={far_text(far)} has no threshold in [-1, 1]: no cosine "
                "similarity reaches it."
            )
            continue
        points.append(
            OperatingPoint(
                far=far,
                threshold=threshold,
                tar=tars[far],
                impostor_pairs=impostor_pairs,
                genuine_pairs=genuine_pairs,
                data=name,
                flip=flip,
            )
        )
    return VerificationReport(
        accuracy=float(accuracies.accuracies.mean()),
        accuracy_std=float(accuracies.accuracies.std()),
        auc=area_under_curve(scores=scores, is_same=is_same),
        equal_error=equal_error(scores=scores, is_same=is_same),
        tar_at_far=tars,
        operating_points=tuple(points),
        num_pairs=len(scores),
        name=name,
        notes=tuple(notes),
        roc=roc_curve(scores=scores, is_same=is_same),
    )


def evaluate_pairs(
    embed: Callable,
    pairs: PairSet,
    *,
    flip: bool = False,
    batch_size: int = 64,
    fars=DEFAULT_FARS,
    name: str = "verification",
    face_input: FaceInput | None = None,
    progress: bool = False,
) -> VerificationReport:
    """Embeds the faces of a pair set and measures how well they verify.

    Args:
        embed: callable, uint8 images `[batch_size, height, width, 3]` to
            embeddings `[batch_size, embedding_dim]`, as array or tensor.
        pairs: `PairSet`.
        flip: bool, whether the mirror image's embedding is added. The
            operating points say so, and a device follows them. Defaults to
            `False`: one image, one pass.
        batch_size: int, at least 1. Defaults to `64`.
        fars: floats in `(0, 1]`, see `verify_scores`. Defaults to
            `(1e-1, 1e-2, 1e-3)`.
        name: str, what is measured. Defaults to `"verification"`.
        face_input: `FaceInput` every image must fit. Defaults to `None`: all
            must have the size of the first.
        progress: bool, whether to show a progress bar. Defaults to `False`.

    Returns:
        `VerificationReport`.

    Example:

    ```python
    pairs = PairSet.from_lfw("pairs.txt", "lfw")
    report = evaluate_pairs(embedder, pairs, name="LFW")
    ```
    """
    scores = score_pairs(
        embed,
        pairs,
        flip=flip,
        batch_size=batch_size,
        face_input=face_input,
        progress=progress,
    )
    return verify_scores(
        scores=scores,
        is_same=pairs.is_same,
        folds=pairs.folds,
        fars=fars,
        name=name,
        flip=flip,
    )


def compare_reports(reports: dict) -> str:
    """Several reports side by side as aligned text, one line each.

    Args:
        reports: dict of str to `VerificationReport`, such as
            `{"before": ..., "after": ...}`.

    Returns:
        str, without a newline at the end.
    """
    if not reports:
        raise ValueError(
            "`reports` must have one report at least. Received: reports={}"
        )
    fars = list(
        dict.fromkeys(f for r in reports.values() for f in r.tar_at_far)
    )
    header = [
        "",
        "ten-fold accuracy",
        *(f"TAR@FAR={far_text(far)}" for far in fars),
        "EER",
        "AUC",
        "pairs",
    ]
    rows = []
    for name, report in reports.items():
        tars = [report.tar_at_far.get(far) for far in fars]
        rows.append(
            [
                name,
                f"{percent(report.accuracy)} ± {100 * report.accuracy_std:.2f}",
                *("-" if tar is None else percent(tar) for tar in tars),
                percent(report.equal_error),
                percent(report.auc),
                f"{report.num_pairs:,}",
            ]
        )
    notes = [
        f"{name}: {note}"
        for name, report in reports.items()
        for note in report.notes
    ]
    return "\n".join([text_table(header, rows), *notes])
