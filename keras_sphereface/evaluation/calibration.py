"""How probable it is that two faces are one person, given their score."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from keras_sphereface.contract.arguments import check_integer
from keras_sphereface.contract.score_calibration import Calibration
from keras_sphereface.evaluation.curves import check_scores
from keras_sphereface.evaluation.intervals import Interval, rate_interval


class Reliability(NamedTuple):
    """Predicted probabilities beside what came true.

    Args:
        predicted: float64 `[num_bins]`, mean probability in each bin.
        observed: float64 `[num_bins]`, share of genuine pairs in it.
        intervals: list of `(low, high)`, exact binomial 95 % of `observed`.
        counts: int `[num_bins]`, pairs in it; bins without pairs are left out.
    """

    predicted: np.ndarray
    observed: np.ndarray
    intervals: list[Interval]
    counts: np.ndarray

    @property
    def calibration_error(self) -> float:
        """Mean distance of predicted from observed, weighed by pairs."""
        gaps = np.abs(self.predicted - self.observed)
        return float(np.sum(gaps * self.counts) / np.sum(self.counts))


def fit_calibration(
    *, scores: npt.ArrayLike, is_same: npt.ArrayLike
) -> Calibration:
    """Fits logistic regression of truth on score.

    The targets are Platt's, a little inside 0 and 1, so that even perfectly
    separated scores have a finite slope.

    Args:
        scores: float, `[num_pairs]`, higher means more similar.
        is_same: bool, `[num_pairs]`.

    Returns:
        `Calibration`.

    Reference:
        - Platt, Probabilistic outputs for support vector machines, 1999
    """
    from sklearn.linear_model import LogisticRegression

    scores, is_same = check_scores(scores, is_same)
    genuine, impostor = int(is_same.sum()), int(np.sum(~is_same))
    center, spread = scores.mean(), scores.std()
    if spread == 0:
        share = genuine / len(scores)
        intercept = math.log((genuine + 1) / (impostor + 1))
        return Calibration(0.0, intercept, share)
    target = np.where(
        is_same, (genuine + 1) / (genuine + 2), 1 / (impostor + 2)
    )
    # A soft target is a pair counted on both sides, in shares.
    inputs = np.tile((scores - center) / spread, 2)[:, None]
    sides = np.repeat([1, 0], len(scores))
    model = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000)
    model.fit(inputs, sides, np.concatenate([target, 1 - target]))
    slope = float(model.coef_[0, 0]) / spread
    return Calibration(
        slope=float(slope),
        intercept=float(model.intercept_[0] - slope * center),
        genuine_share=genuine / len(scores),
    )


def held_out_probabilities(
    *, scores: npt.ArrayLike, is_same: npt.ArrayLike, folds: npt.ArrayLike
) -> np.ndarray:
    """Probabilities of each fold's pairs, calibrated on all other folds.

    Args:
        scores: float, `[num_pairs]`, higher means more similar.
        is_same: bool, `[num_pairs]`.
        folds: int, `[num_pairs]`, at least two folds, and both kinds of pairs
            outside each.

    Returns:
        float64 array, `[num_pairs]`, in `[0, 1]`.
    """
    scores, is_same = check_scores(scores, is_same)
    folds = np.asarray(folds)
    if folds.shape != scores.shape or len(np.unique(folds)) < 2:
        raise ValueError(
            "`folds` must have one value per pair and name at least two folds. "
            f"Received: folds.shape={folds.shape} with {len(scores)} scores, "
            f"{len(np.unique(folds))} folds"
        )
    probabilities = np.empty(len(scores))
    for fold in np.unique(folds):
        test = folds == fold
        calibration = fit_calibration(
            scores=scores[~test], is_same=is_same[~test]
        )
        probabilities[test] = calibration.probability(scores[test])
    return probabilities


def reliability(
    *,
    probabilities: npt.ArrayLike,
    is_same: npt.ArrayLike,
    num_bins: int = 10,
) -> Reliability:
    """Compares predicted probabilities with what came true.

    Args:
        probabilities: float in `[0, 1]`, `[num_pairs]`, of pairs that were not
            used to fit them, see `held_out_probabilities`.
        is_same: bool, `[num_pairs]`.
        num_bins: int, at least 1, bins of equal width. Defaults to `10`.

    Returns:
        `Reliability`.
    """
    probabilities, is_same = check_scores(probabilities, is_same)
    wrong = np.flatnonzero((probabilities < 0) | (probabilities > 1))
    if len(wrong):
        raise ValueError(
            "`probabilities` must be in [0, 1]. Received: "
            f"probabilities[{wrong[0]}]={probabilities[wrong[0]]}"
        )
    num_bins = check_integer("num_bins", num_bins, at_least=1)
    bins = np.minimum((probabilities * num_bins).astype(int), num_bins - 1)
    counts = np.bincount(bins, minlength=num_bins)
    filled = counts > 0
    genuine = np.bincount(bins, is_same, num_bins)[filled].astype(int)
    sums = np.bincount(bins, probabilities, num_bins)[filled]
    counts = counts[filled]
    return Reliability(
        predicted=sums / counts,
        observed=genuine / counts,
        intervals=[
            rate_interval(hit, count)
            for hit, count in zip(
                genuine.tolist(), counts.tolist(), strict=True
            )
        ],
        counts=counts,
    )
