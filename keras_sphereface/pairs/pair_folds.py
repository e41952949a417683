"""Folds for pairs whose file does not say any."""

import numpy as np
import numpy.typing as npt

NUM_FOLDS = 10


def ten_folds(is_same: npt.ArrayLike) -> np.ndarray:
    """Ten folds of neighboring pairs, as InsightFace's evaluation makes them.

    Where that leaves a fold with pairs of one kind only (a file may have all
    pairs of one person first), the pairs of each kind are dealt out for
    themselves, neighbors together: ten-fold accuracy needs both in a fold.

    Args:
        is_same: bool array, `[num_pairs]`.

    Returns:
        int64 array, `[num_pairs]`, in `[0, 10)`.
    """
    is_same = np.asarray(is_same, bool)
    folds = _neighbors(len(is_same))
    num_same = np.bincount(folds[is_same], minlength=NUM_FOLDS)
    num_pairs = np.bincount(folds, minlength=NUM_FOLDS)
    if ((num_same > 0) & (num_same < num_pairs)).all():
        return folds
    for kind in (True, False):
        folds[is_same == kind] = _neighbors(int((is_same == kind).sum()))
    return folds


def _neighbors(count: int) -> np.ndarray:
    parts = np.array_split(np.arange(count), NUM_FOLDS)
    return np.repeat(np.arange(NUM_FOLDS), [len(part) for part in parts])
