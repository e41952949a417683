"""Error rates of verification scores over all thresholds.

One rule holds everywhere: two faces are the same person if
`score >= threshold`. FAR, the false accept rate, is the share of impostor
pairs (two people) so accepted; TAR, the true accept rate, the share of genuine
pairs (one person).
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn import metrics

from keras_sphereface.contract.arguments import check_number


class Roc(NamedTuple):
    """FAR and TAR at every threshold where they change.

    Args:
        far: float64 `[num_points]`, ascending from 0 to 1.
        tar: float64 `[num_points]`, ascending from 0 to 1.
        thresholds: float64 `[num_points]`, descending: infinity, where nothing
            is accepted, then every distinct score.
    """

    far: np.ndarray
    tar: np.ndarray
    thresholds: np.ndarray

    @property
    def equal_error(self) -> float:
        """FAR where it equals 1 - TAR, the points joined by straight lines."""
        # Rises from -1 to 1, strictly: between two points FAR or TAR grows.
        excess = self.far - (1.0 - self.tar)
        after = int(np.argmax(excess >= 0))
        before = after - 1
        share = -excess[before] / (excess[after] - excess[before])
        step = self.far[after] - self.far[before]
        return float(self.far[before] + share * step)


def check_scores(
    scores: npt.ArrayLike, is_same: npt.ArrayLike
) -> tuple[np.ndarray, np.ndarray]:
    """Returns scores and truth as arrays, or says what is wrong with them.

    Args:
        scores: float, `[num_pairs]`, finite; higher means more similar.
        is_same: bool (or 0 and 1), `[num_pairs]`, with both kinds.

    Returns:
        float64 `[num_pairs]` and bool `[num_pairs]`.
    """
    scores, is_same = np.asarray(scores), np.asarray(is_same)
    if scores.ndim != 1 or not scores.size or scores.dtype.kind not in "fiu":
        raise ValueError(
            "`scores` must be numbers, [num_pairs], at least one. Received: "
            f"scores.dtype={scores.dtype}, scores.shape={scores.shape}"
        )
    if is_same.shape != scores.shape:
        raise ValueError(
            "`scores` and `is_same` must have one value per pair. Received: "
            f"{len(scores)} scores, is_same.shape={is_same.shape}"
        )
    scores = scores.astype(np.float64)
    wrong = np.flatnonzero(~np.isfinite(scores))
    if len(wrong):
        raise ValueError(
            "`scores` must be finite. Received: "
            f"scores[{wrong[0]}]={scores[wrong[0]]}, {len(wrong)} such scores"
        )
    if is_same.dtype != bool and not (
        is_same.dtype.kind in "iu" and np.isin(is_same, (0, 1)).all()
    ):
        raise ValueError(
            "`is_same` must be bool, or 0 and 1. "
            f"Received: is_same.dtype={is_same.dtype}"
        )
    is_same = is_same.astype(bool)
    num_genuine = int(is_same.sum())
    num_impostor = len(is_same) - num_genuine
    if not num_genuine or not num_impostor:
        raise ValueError(
            "`is_same` must have pairs of both kinds. Received: "
            f"{num_genuine} same and {num_impostor} different pairs"
        )
    return scores, is_same


def roc_curve(*, scores: npt.ArrayLike, is_same: npt.ArrayLike) -> Roc:
    """FAR and TAR of all thresholds.

    Args:
        scores: float, `[num_pairs]`, higher means more similar.
        is_same: bool, `[num_pairs]`.

    Returns:
        `Roc`, one point for each distinct score, none left out.
    """
    scores, is_same = check_scores(scores, is_same)
    return Roc(*metrics.roc_curve(is_same, scores, drop_intermediate=False))


def area_under_curve(*, scores: npt.ArrayLike, is_same: npt.ArrayLike) -> float:
    """Area under the ROC curve, in `[0, 1]`.

    The probability that a genuine pair scores above an impostor pair, ties
    counted half; 0.5 is chance. The package pyeer begins the curve at the
    highest score and so leaves out the triangle under it, if that score is an
    impostor's; here as in scikit-learn it begins where nothing is accepted.

    Args:
        scores: float, `[num_pairs]`, higher means more similar.
        is_same: bool, `[num_pairs]`.

    Returns:
        float.
    """
    scores, is_same = check_scores(scores, is_same)
    return float(metrics.roc_auc_score(is_same, scores))


def threshold_at_far(
    *, scores: npt.ArrayLike, is_same: npt.ArrayLike, far: float
) -> float:
    """The smallest score that, as a threshold, keeps the FAR at or below `far`.

    No interpolation: the threshold is one of the scores, and the FAR measured
    with it (`score >= threshold`, so ties are accepted together) is at most
    `far`. No threshold allowed by `far` has a higher TAR. If even the highest
    score, as a threshold, accepts too many impostors, the threshold is one
    float32 step above it, finite, and accepts no pair.

    Args:
        scores: float, `[num_pairs]`, higher means more similar.
        is_same: bool, `[num_pairs]`.
        far: float in `(0, 1]`, at least 1 / number of impostor pairs.

    Returns:
        float.

    Raises:
        ValueError: there are too few impostor pairs to measure `far`.
    """
    return operating_point_at_far(scores=scores, is_same=is_same, far=far)[0]


def tar_at_far(
    *, scores: npt.ArrayLike, is_same: npt.ArrayLike, far: float
) -> float:
    """Share of genuine pairs accepted where at most `far` impostors are.

    The TAR measured at `threshold_at_far`, hence the highest TAR of all
    thresholds whose measured FAR is at most `far`. No interpolation. So FNMR
    at FMR is 1 - TAR; the package pyeer takes the measured FAR nearest to
    `far`, which may be above it.

    Args:
        scores: float, `[num_pairs]`, higher means more similar.
        is_same: bool, `[num_pairs]`.
        far: float in `(0, 1]`, at least 1 / number of impostor pairs.

    Returns:
        float in `[0, 1]`.

    Raises:
        ValueError: there are too few impostor pairs to measure `far`.

    Example:

    >>> tar_at_far(
    ...     scores=[0.9, 0.6, 0.7, 0.1], is_same=[1, 1, 0, 0], far=0.5
    ... )
    1.0
    """
    return operating_point_at_far(scores=scores, is_same=is_same, far=far)[1]


def equal_error(*, scores: npt.ArrayLike, is_same: npt.ArrayLike) -> float:
    """Equal error rate: where as many impostors pass as genuines fail.

    The rate at which FAR equals FRR = 1 - TAR on the ROC curve, its points
    joined by straight lines. Where a threshold has exactly equal rates every
    definition agrees. Elsewhere the package pyeer takes, of the two
    neighboring thresholds, the one with the smaller sum of rates, and reports
    half that sum (FVC2000); ours is between the rates of the two.

    Args:
        scores: float, `[num_pairs]`, higher means more similar.
        is_same: bool, `[num_pairs]`.

    Returns:
        float in `[0, 1]`; 0.5 is chance.
    """
    return roc_curve(scores=scores, is_same=is_same).equal_error


def supports_far(*, far: float, impostor_pairs: int) -> bool:
    """Whether so few impostor pairs can measure the rate: one may pass.

    Args:
        far: float in `(0, 1]`.
        impostor_pairs: int, at least 1.

    Returns:
        bool, `far * impostor_pairs >= 1`.
    """
    far = check_number(
        "far",
        far,
        above=0,
        at_most=1,
        reason="is a false accept rate, so it",
    )
    # So and not as a product: (1 / 49) * 49 is below 1 in float64.
    return far >= 1 / impostor_pairs


def operating_point_at_far(
    *, scores: npt.ArrayLike, is_same: npt.ArrayLike, far: float
) -> tuple[float, float]:
    """`(threshold, tar)` of `threshold_at_far` and `tar_at_far`.

    Args:
        scores: float, `[num_pairs]`, higher means more similar.
        is_same: bool, `[num_pairs]`.
        far: float in `(0, 1]`, at least 1 / number of impostor pairs.

    Returns:
        Two floats.
    """
    scores, is_same = check_scores(scores, is_same)
    impostor_pairs = int(np.sum(~is_same))
    if not supports_far(far=far, impostor_pairs=impostor_pairs):
        raise ValueError(
            f"`far` needs at least {int(np.ceil(1 / far))} impostor pairs, or "
            "accepting one would already exceed it. "
            f"Received: far={far} with {impostor_pairs} impostor pairs"
        )
    roc = roc_curve(scores=scores, is_same=is_same)
    point = int(np.searchsorted(roc.far, far, side="right")) - 1
    if point == 0:
        return just_above(roc.thresholds[1]), 0.0
    return float(roc.thresholds[point]), float(roc.tar[point])


def just_above(score: float | np.floating) -> float:
    """The next float32: a float64 step would vanish on a float32 device.

    Args:
        score: float.

    Returns:
        float, the least float32 above the score.
    """
    above = np.float32(score)
    while not float(above) > score:
        above = np.nextafter(above, np.float32(np.inf))
    return float(above)
