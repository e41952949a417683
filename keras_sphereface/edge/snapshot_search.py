"""Comparing probes with everybody in a gallery, block by block."""

from typing import NamedTuple, cast

import numpy as np

from keras_sphereface.edge.gallery_store import REMOVED, Snapshot

POOLINGS = ("max", "mean")
_PROBES_AT_ONCE = 64
_SCORES_AT_ONCE = 2**24  # of people: 64 MB


class Matches(NamedTuple):
    """The people most like each probe.

    Args:
        names: list of `num_probes` lists of str, the best first.
        scores: float32, `[num_probes, k]`, descending in each row; fewer
            columns if the gallery has fewer people.
        comparisons: int, how many scores the best is the best of: crops with
            `pooling="max"`, people with `"mean"`.
    """

    names: list[list[str]]
    scores: np.ndarray
    comparisons: int


def search_snapshot(
    snapshot: Snapshot, units: np.ndarray, *, k: int, pooling: str
) -> Matches:
    """Finds the people most similar to each probe.

    Memory beside the gallery is bounded: one block's scores, and one score per
    person for as many probes as fit into 64 MB. People with equal scores come
    in the order in which they were enrolled.

    Args:
        snapshot: `Snapshot` of a gallery.
        units: float32, `[num_probes, embedding_dim]`, rows of norm 1.
        k: int, at least 1.
        pooling: `"max"` or `"mean"`.

    Returns:
        `Matches`.
    """
    crops = _count_crops(snapshot)
    num_people = int(np.count_nonzero(crops))
    k = min(k, num_people)
    names: list[list[str]] = []
    scores = np.empty((len(units), k), np.float32)
    step = _SCORES_AT_ONCE // max(snapshot.num_people, 1)
    step = min(max(step, 1), _PROBES_AT_ONCE)
    for start in range(0, len(units), step):
        probes = units[start : start + step]
        pooled = _pool(snapshot, probes, crops, pooling)
        for row, of_people in enumerate(pooled, start):
            best = _best(of_people, k)
            # Whoever has a crop has a name.
            found = [snapshot.names[person] for person in best]
            names.append(cast("list[str]", found))
            scores[row] = of_people[best]
    np.clip(scores, -1, 1, out=scores)  # rounding
    comparisons = int(crops.sum()) if pooling == "max" else num_people
    return Matches(names, scores, comparisons)


def _count_crops(snapshot: Snapshot) -> np.ndarray:
    """How many crops each person has."""
    owners = np.concatenate(
        [np.empty(0, np.int32), *(owners for _, owners in snapshot.blocks)]
    )
    return np.bincount(owners[owners != REMOVED], minlength=snapshot.num_people)


def _pool(
    snapshot: Snapshot, probes: np.ndarray, crops: np.ndarray, pooling: str
) -> np.ndarray:
    """One score per probe and person; -inf where a person has no crop."""
    reduce = {"max": np.maximum, "mean": np.add}[pooling]
    start = {"max": -np.inf, "mean": 0}[pooling]
    pooled = np.full((len(probes), len(crops)), start, np.float32)
    for embeddings, owners in snapshot.blocks:
        scores = probes @ embeddings.T
        people, scores = _by_person(scores, owners, reduce)
        if not len(people):
            continue
        columns: np.ndarray | slice = people
        if people[-1] - people[0] == len(people) - 1:  # faster than a list
            columns = slice(people[0], people[-1] + 1)
        pooled[:, columns] = reduce(pooled[:, columns], scores)
    if pooling == "mean":
        pooled /= np.maximum(crops, 1)
        pooled[:, crops == 0] = -np.inf
    return pooled


def _by_person(
    scores: np.ndarray, owners: np.ndarray, reduce: np.ufunc
) -> tuple[np.ndarray, np.ndarray]:
    """The people of a block, ascending, and their scores in it, reduced."""
    if np.any(owners[1:] < owners[:-1]):
        order = np.argsort(owners, kind="stable")
        owners, scores = owners[order], scores[:, order]
    removed = np.searchsorted(owners, 0)  # they come first
    owners, scores = owners[removed:], scores[:, removed:]
    firsts = np.flatnonzero(np.diff(owners, prepend=REMOVED))
    if 0 < len(firsts) < len(owners):
        scores = reduce.reduceat(scores, firsts, axis=1)
    return owners[firsts], scores


def _best(scores: np.ndarray, k: int) -> np.ndarray:
    """Positions of the `k` highest, descending; of ties, the first."""
    if k == 0:
        return np.empty(0, np.int64)
    lowest = np.partition(scores, len(scores) - k)[len(scores) - k]
    enough = np.flatnonzero(scores >= lowest)
    return enough[np.argsort(-scores[enough], kind="stable")][:k]
