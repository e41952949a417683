"""Are these two one person? All that scored pairs can tell."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from keras_sphereface.contract import (
    STEADY_PAIRS,
    FaceInput,
    OperatingPoint,
)
from keras_sphereface.contract.arguments import check_integer
from keras_sphereface.contract.similarity import Embed
from keras_sphereface.evaluation.bootstrap import (
    BootstrapIntervals,
    bootstrap_intervals,
)
from keras_sphereface.evaluation.curves import (
    area_under_curve,
    check_scores,
    equal_error,
    operating_point_at_far,
    roc_curve,
    supports_far,
)
from keras_sphereface.evaluation.folds import fold_accuracies, measured_folds
from keras_sphereface.evaluation.intervals import rate_interval
from keras_sphereface.evaluation.scores import score_pairs
from keras_sphereface.evaluation.text_table import far_text
from keras_sphereface.evaluation.verification_report import VerificationReport
from keras_sphereface.pairs import PairSet

DEFAULT_FARS = (1e-1, 1e-2, 1e-3)


def verify_scores(
    *,
    scores: npt.ArrayLike,
    is_same: npt.ArrayLike,
    folds: npt.ArrayLike | None = None,
    people: npt.ArrayLike | None = None,
    fars: Sequence[float] = DEFAULT_FARS,
    name: str = "verification",
    flip: bool = False,
    protocol: str = "midpoints",
    resamples: int = 1000,
) -> VerificationReport:
    """Measures everything a set of scored pairs can tell, and how surely.

    Args:
        scores: float, `[num_pairs]`, higher means more similar; operating
            points are made of cosine similarities only, in `[-1, 1]`.
        is_same: bool, `[num_pairs]`.
        folds: int, `[num_pairs]`; one fold is cut into parts, see
            `measured_folds`. Defaults to `None`, no ten-fold accuracy.
        people: int or str, `[num_pairs, 2]`, who is on both images, for the
            intervals. Defaults to `None`: nobody is in two pairs.
        fars: floats in `(0, 1]`. One that is below 1 / number of impostor
            pairs is left out, with a note; one that fewer than 30 of them
            measure gets a note too. Defaults to `(1e-1, 1e-2, 1e-3)`.
        name: str, what was measured. Defaults to `"verification"`.
        flip: bool, whether the scores were made with flip fusion; the
            operating points say so. Defaults to `False`.
        protocol: `"midpoints"` or `"insightface"`, see `fold_accuracies`.
            Defaults to `"midpoints"`.
        resamples: int, draws of people behind each interval; `0` leaves
            intervals out. A thousand take a fifth of a second for 3,000 pairs,
            and a quarter of an hour for the 15 million of IJB-C. Defaults to
            `1000`.

    Returns:
        `VerificationReport`.
    """
    resamples = check_integer("resamples", resamples, at_least=0)
    scores, is_same = check_scores(scores, is_same)
    accuracies = None
    measured, notes = [], []
    if folds is not None:
        parts = measured_folds(is_same=is_same, folds=folds)
        accuracies = fold_accuracies(
            scores=scores, is_same=is_same, folds=parts, protocol=protocol
        ).accuracies
        if len(np.unique(folds)) == 1:
            notes.append(
                "The pairs are one fold. The accuracy is over "
                f"{len(accuracies)} parts of it, each at the threshold that is "
                "best on the others; parts may share people, so it leans high."
            )
    impostor_pairs = int(np.sum(~is_same))
    for far in fars:
        if not supports_far(far=far, impostor_pairs=impostor_pairs):
            notes.append(
                f"FAR={far_text(far)} was not measured: it needs "
                f"{int(np.ceil(1 / far)):,} pairs of different people, and "
                f"there are {impostor_pairs:,}."
            )
            continue
        measured.append(far)
        if far * impostor_pairs < STEADY_PAIRS * (1 - 1e-9):
            notes.append(
                f"FAR={far_text(far)} is UNSTEADY: it rests on "
                f"{int(far * impostor_pairs + 1e-9)} of {impostor_pairs:,} "
                f"pairs of different people; {STEADY_PAIRS} or more would "
                "make it steady."
            )
    intervals = None
    if resamples:
        intervals = bootstrap_intervals(
            scores=scores,
            is_same=is_same,
            people=people,
            fars=measured,
            resamples=resamples,
        )
    tars, points = {}, []
    for far in measured:
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
                genuine_pairs=len(is_same) - impostor_pairs,
                data=name,
                flip=flip,
                **_point_intervals(scores[~is_same], far, threshold, intervals),
            )
        )
    return VerificationReport(
        accuracy=None if accuracies is None else float(accuracies.mean()),
        accuracy_std=None if accuracies is None else float(accuracies.std()),
        auc=area_under_curve(scores=scores, is_same=is_same),
        equal_error=equal_error(scores=scores, is_same=is_same),
        tar_at_far=tars,
        operating_points=tuple(points),
        num_pairs=len(scores),
        name=name,
        notes=tuple(notes),
        roc=roc_curve(scores=scores, is_same=is_same),
        tar_intervals=intervals.tar_at_far if intervals else {},
        equal_error_interval=intervals.equal_error if intervals else None,
        auc_interval=intervals.auc if intervals else None,
        num_people=None if people is None else len(np.unique(people)),
    )


def evaluate_pairs(
    embed: Embed,
    pairs: PairSet,
    *,
    flip: bool = False,
    batch_size: int = 64,
    fars: Sequence[float] = DEFAULT_FARS,
    name: str = "verification",
    face_input: FaceInput | None = None,
    progress: bool = False,
    protocol: str = "midpoints",
    resamples: int = 1000,
) -> VerificationReport:
    """Embeds the faces of a pair set and measures how well they verify.

    Args:
        embed: callable, uint8 images `[batch_size, height, width, 3]` to
            embeddings `[batch_size, embedding_dim]`, as array or tensor.
        pairs: `PairSet` with both kinds of pairs; see `measured_folds`.
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
        protocol: `"midpoints"` or `"insightface"`, see `fold_accuracies`.
            Defaults to `"midpoints"`.
        resamples: int, draws of people behind each interval; `0` leaves
            intervals out. Defaults to `1000`.

    Returns:
        `VerificationReport`.

    Example:

    ```python
    pairs = PairSet.from_lfw("pairs.txt", "lfw")
    report = evaluate_pairs(embedder, pairs, name="LFW")
    ```
    """
    # What cannot be measured is said before the images are embedded.
    measured_folds(is_same=pairs.is_same, folds=pairs.folds)
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
        people=pairs.pair_people,
        fars=fars,
        name=name,
        flip=flip,
        protocol=protocol,
        resamples=resamples,
    )


def _point_intervals(
    impostor: np.ndarray,
    far: float,
    threshold: float,
    intervals: BootstrapIntervals | None,
) -> dict[str, Any]:
    accepted = int(np.sum(impostor >= threshold))
    around = {"far_interval": rate_interval(accepted, len(impostor))}
    if intervals:
        low, high = np.clip(intervals.threshold_at_far[far], -1, 1).tolist()
        around["tar_interval"] = intervals.tar_at_far[far]
        around["threshold_interval"] = (low, high)
    return around
