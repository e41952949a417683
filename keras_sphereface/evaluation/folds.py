"""Verification accuracy by the protocol of Labeled Faces in the Wild."""

from typing import NamedTuple

import numpy as np

from keras_sphereface.evaluation.curves import check_scores


class FoldAccuracies(NamedTuple):
    """What each fold scored, and the threshold it was scored with.

    Args:
        folds: int `[num_folds]`, the folds in ascending order.
        accuracies: float64 `[num_folds]`, share of the fold's pairs decided
            rightly.
        thresholds: float64 `[num_folds]`, chosen on all other folds.
    """

    folds: np.ndarray
    accuracies: np.ndarray
    thresholds: np.ndarray


def fold_accuracies(*, scores, is_same, folds) -> FoldAccuracies:
    """Accuracy on each fold at the threshold that is best on the others.

    Candidates are the midpoints between neighboring scores of the other folds,
    and those that accept all or none of their pairs. Of equally good ones the
    middle one is taken. No fold's pairs touch its own threshold.

    Args:
        scores: float, `[num_pairs]`, higher is more alike.
        is_same: bool, `[num_pairs]`.
        folds: int, `[num_pairs]`, two folds at least.

    Returns:
        `FoldAccuracies`.

    Reference:
        - Huang et al., Labeled Faces in the Wild, View 2, 2007
    """
    scores, is_same = check_scores(scores, is_same)
    folds = np.asarray(folds)
    if folds.shape != scores.shape or folds.dtype.kind not in "iu":
        raise ValueError(
            "`folds` must be int, one a pair. Received: "
            f"folds.dtype={folds.dtype}, folds.shape={folds.shape} with "
            f"{len(scores)} scores"
        )
    names = np.unique(folds)
    if len(names) < 2:
        raise ValueError(
            "`folds` must name two folds at least, one to choose the threshold "
            f"on and one to test. Received: only fold {names[0]}"
        )
    accuracies, thresholds = [], []
    for name in names:
        test = folds == name
        chosen_on = is_same[~test]
        if chosen_on.all() or not chosen_on.any():
            raise ValueError(
                "`is_same` must have pairs of both kinds outside each fold to "
                f"choose a threshold. Received: one kind outside fold {name}"
            )
        threshold = _best_threshold(scores[~test], chosen_on)
        accept = scores[test] >= threshold
        accuracies.append(np.mean(accept == is_same[test]))
        thresholds.append(threshold)
    return FoldAccuracies(names, np.array(accuracies), np.array(thresholds))


def ten_fold_accuracy(*, scores, is_same, folds) -> float:
    """Mean accuracy over the folds, each at the others' best threshold.

    Args:
        scores: float, `[num_pairs]`, higher is more alike.
        is_same: bool, `[num_pairs]`.
        folds: int, `[num_pairs]`; ten by custom, two at least.

    Returns:
        float in `[0, 1]`; 0.5 is chance on balanced pairs.
    """
    results = fold_accuracies(scores=scores, is_same=is_same, folds=folds)
    return float(results.accuracies.mean())


def _best_threshold(scores, is_same):
    distinct = np.unique(scores)
    midpoints = distinct[:-1] / 2 + distinct[1:] / 2
    candidates = np.concatenate(
        [
            distinct[:1],
            # Between neighboring floats the midpoint rounds, perhaps down.
            np.maximum(midpoints, np.nextafter(distinct[:-1], np.inf)),
            [np.nextafter(distinct[-1], np.inf)],
        ]
    )
    genuine, impostor = np.sort(scores[is_same]), np.sort(scores[~is_same])
    accepted = len(genuine) - np.searchsorted(genuine, candidates)
    rejected = np.searchsorted(impostor, candidates)
    right = accepted + rejected
    best = np.flatnonzero(right == right.max())
    return float(candidates[best[len(best) // 2]])
