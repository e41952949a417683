"""Verification accuracy by the protocol of Labeled Faces in the Wild."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from keras_sphereface.contract.arguments import check_choice
from keras_sphereface.evaluation.curves import check_scores
from keras_sphereface.pairs.pair_folds import ten_folds


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


PROTOCOLS = ("midpoints", "insightface")


def measured_folds(
    *, is_same: npt.ArrayLike, folds: npt.ArrayLike
) -> np.ndarray:
    """The folds that an accuracy is measured on.

    A set of one fold, such as LFW's view 1, leaves no pairs beside it to
    choose a threshold on, and the best threshold of the pairs themselves would
    flatter. It is cut into up to ten parts by `pairs.pair_folds.ten_folds`:
    no pair touches its own threshold. People may be in several parts, so that
    the accuracy leans a little high; a report says so.

    Args:
        is_same: bool, `[num_pairs]`.
        folds: int, `[num_pairs]`, any number of folds.

    Returns:
        int array, `[num_pairs]`: `folds`, or the parts of one fold.

    Raises:
        ValueError: there are pairs of one kind only outside a fold, or fewer
            than two of a kind in a set of one fold.
    """
    is_same = np.asarray(is_same, bool)
    folds = _check_folds(folds, len(is_same))
    names, place, counts = np.unique(
        folds, return_inverse=True, return_counts=True
    )
    num_same = int(is_same.sum())
    if len(names) == 1:
        if min(num_same, len(is_same) - num_same) < 2:
            raise ValueError(
                "`is_same` must have two pairs of each kind, to choose a "
                f"threshold on some and test it on others. Received: {num_same}"
                f" of one person, {len(is_same) - num_same} of two"
            )
        return ten_folds(is_same)
    same_outside = num_same - np.bincount(place.reshape(-1), weights=is_same)
    for name, same, others in zip(
        names, same_outside, len(is_same) - counts, strict=True
    ):
        if same in (0, others):
            raise ValueError(
                "`is_same` must have pairs of both kinds outside each fold to "
                f"choose a threshold. Received: one kind outside fold {name}"
            )
    return folds


def fold_accuracies(
    *,
    scores: npt.ArrayLike,
    is_same: npt.ArrayLike,
    folds: npt.ArrayLike,
    protocol: str = "midpoints",
) -> FoldAccuracies:
    """Accuracy on each fold at the threshold that is best on the others.

    With `protocol="midpoints"` candidates are the midpoints between
    neighboring scores of the other folds, and those that accept all or none of
    their pairs. Of equally good ones the middle one is taken.

    With `protocol="insightface"` candidates are those of InsightFace's
    `verification.py`: squared distances of unit embeddings, 0 to 3.99 in steps
    of 0.01, of which the strictest of the best is taken. Coarser, for
    comparison with published numbers.

    In both, no fold's pairs touch its own threshold.

    Args:
        scores: float, `[num_pairs]`, higher means more similar; for
            `"insightface"` cosine similarities.
        is_same: bool, `[num_pairs]`.
        folds: int, `[num_pairs]`, at least two folds.
        protocol: `"midpoints"` or `"insightface"`. Defaults to
            `"midpoints"`.

    Returns:
        `FoldAccuracies`.

    Reference:
        - Huang et al., Labeled Faces in the Wild, View 2, 2007
    """
    check_choice("protocol", protocol, PROTOCOLS)
    scores, is_same = check_scores(scores, is_same)
    folds = _check_folds(folds, len(scores))
    if protocol == "insightface" and np.any(np.abs(scores) > 1 + 1e-6):
        worst = int(np.argmax(np.abs(scores)))
        raise ValueError(
            '`scores` must be cosine similarities in [-1, 1] for "insightface",'
            f" whose grid is made for them. Received: scores[{worst}]="
            f"{scores[worst]}"
        )
    names = np.unique(folds)
    if len(names) < 2:
        raise ValueError(
            "`folds` must name at least two folds, one to choose the threshold "
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
        candidates = (
            _midpoints(scores[~test])
            if protocol == "midpoints"
            else _insightface_grid()
        )
        best = _best_of(candidates, scores[~test], chosen_on)
        middle = len(best) // 2 if protocol == "midpoints" else 0
        threshold = float(best[middle])
        accept = scores[test] >= threshold
        accuracies.append(np.mean(accept == is_same[test]))
        thresholds.append(threshold)
    return FoldAccuracies(names, np.array(accuracies), np.array(thresholds))


def ten_fold_accuracy(
    *,
    scores: npt.ArrayLike,
    is_same: npt.ArrayLike,
    folds: npt.ArrayLike,
    protocol: str = "midpoints",
) -> float:
    """Mean accuracy over the folds, each at the others' best threshold.

    Args:
        scores: float, `[num_pairs]`, higher means more similar.
        is_same: bool, `[num_pairs]`.
        folds: int, `[num_pairs]`; ten by custom, at least two.
        protocol: `"midpoints"` or `"insightface"`, see `fold_accuracies`.
            Defaults to `"midpoints"`.

    Returns:
        float in `[0, 1]`; 0.5 is chance on balanced pairs.
    """
    results = fold_accuracies(
        scores=scores, is_same=is_same, folds=folds, protocol=protocol
    )
    return float(results.accuracies.mean())


def _check_folds(folds: npt.ArrayLike, num_pairs: int) -> np.ndarray:
    folds = np.asarray(folds)
    if folds.shape != (num_pairs,) or folds.dtype.kind not in "iu":
        raise ValueError(
            "`folds` must be int, one per pair. Received: "
            f"folds.dtype={folds.dtype}, folds.shape={folds.shape} with "
            f"{num_pairs} scores"
        )
    return folds


def _midpoints(scores: np.ndarray) -> np.ndarray:
    distinct = np.unique(scores)
    midpoints = distinct[:-1] / 2 + distinct[1:] / 2
    return np.concatenate(
        [
            distinct[:1],
            # Between neighboring floats the midpoint rounds, perhaps down.
            np.maximum(midpoints, np.nextafter(distinct[:-1], np.inf)),
            [np.nextafter(distinct[-1], np.inf)],
        ]
    )


def _insightface_grid() -> np.ndarray:
    # There a pair passes if `2 - 2 * score < distance`, without the equal.
    distances = np.arange(0, 4, 0.01)
    return np.nextafter(1 - distances / 2, np.inf)


def _best_of(
    candidates: np.ndarray, scores: np.ndarray, is_same: np.ndarray
) -> np.ndarray:
    genuine, impostor = np.sort(scores[is_same]), np.sort(scores[~is_same])
    accepted = len(genuine) - np.searchsorted(genuine, candidates)
    rejected = np.searchsorted(impostor, candidates)
    right = accepted + rejected
    return candidates[right == right.max()]
