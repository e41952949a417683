"""Comparing probes with everybody in a gallery, block by block."""

from typing import NamedTuple, cast

import numpy as np

from keras_sphereface.edge.gallery_store import REMOVED, Snapshot

POOLINGS = ("max", "mean")
_PROBES_AT_ONCE = 64
_SCORES_AT_ONCE = 2**24  # of crops: 64 MB


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

    Memory beside the gallery is bounded: one score per crop for as many probes
    as fit into 64 MB, at least one, and with `"mean"` two numbers per crop and
    person. People with equal scores come in the order in which they were
    enrolled.

    Args:
        snapshot: `Snapshot` of a gallery.
        units: float32, `[num_probes, embedding_dim]`, rows of norm 1.
        k: int, at least 1.
        pooling: `"max"` or `"mean"`.

    Returns:
        `Matches`.
    """
    k = min(k, snapshot.num_present)
    names: list[list[str]] = []
    scores = np.empty((len(units), k), np.float32)
    best = {"max": _best_by_crop, "mean": _best_by_mean}[pooling]
    step = _SCORES_AT_ONCE // max(snapshot.num_rows, 1)
    step = min(max(step, 1), _PROBES_AT_ONCE)
    for start in range(0, len(units) if k else 0, step):
        found = best(snapshot, units[start : start + step], k)
        for row, (people, of_people) in enumerate(found, start):
            names.append(names_of(snapshot, people))
            scores[row] = of_people
    if not k:
        names = [[] for _ in units]
    np.clip(scores, -1, 1, out=scores)  # rounding
    comparisons = (
        snapshot.num_crops if pooling == "max" else snapshot.num_present
    )
    return Matches(names, scores, comparisons)


def names_of(snapshot: Snapshot, people: np.ndarray) -> list[str]:
    """The names of people who have a crop, and so have one."""
    found = [snapshot.names[person] for person in people]
    return cast("list[str]", found)


def best_people(
    scores: np.ndarray, owners: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """The people of the best crops.

    Args:
        scores: float32, `[num_crops]`.
        owners: int, `[num_crops]`, the person each belongs to.
        k: int, at least 1.

    Returns:
        `(people, scores)` of at most `k`, descending, each person with their
        best; of ties, the lower number first.
    """
    order = np.lexsort((owners, -scores))
    _, firsts = np.unique(owners[order], return_index=True)
    firsts = order[np.sort(firsts)[:k]]
    return owners[firsts], scores[firsts]


def score_rows(snapshot: Snapshot, probes: np.ndarray) -> np.ndarray:
    """Cosines of probes with all rows, 0 with removed ones.

    Args:
        snapshot: `Snapshot`.
        probes: float32, `[num_probes, embedding_dim]`, rows of norm 1.

    Returns:
        float32 `[num_probes, num_rows]`.
    """
    scores = np.empty((len(probes), snapshot.num_rows), np.float32)
    start = 0
    for rows, _ in snapshot.blocks:
        stop = start + len(rows)
        snapshot.kind.score(rows, probes, scores[:, start:stop])
        start = stop
    return scores


def _best_by_crop(
    snapshot: Snapshot, probes: np.ndarray, k: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    scores = score_rows(snapshot, probes)
    lengths = [len(owners) for _, owners in snapshot.blocks]
    starts = np.cumsum([0, *lengths])
    if snapshot.num_crops < snapshot.num_rows:
        for start, (_, owners) in zip(starts, snapshot.blocks, strict=False):
            gone = np.flatnonzero(owners == REMOVED)
            scores[:, start + gone] = -np.inf
    peaks = np.maximum.reduceat(scores, starts[:-1], axis=1)
    return [
        _best_of_row(snapshot, *row, starts, k)
        for row in zip(scores, peaks, strict=True)
    ]


def _best_of_row(
    snapshot: Snapshot,
    scores: np.ndarray,
    peaks: np.ndarray,
    starts: np.ndarray,
    k: int,
) -> tuple[np.ndarray, np.ndarray]:
    """The best people, by the best crop of each block.

    Where `n` blocks have a crop that scores `lowest`, at least `n` crops do.
    If those belong to `k` people, everybody else scores less.
    """
    num_blocks, wanted = len(peaks), k
    while True:
        lowest = np.float32(-np.inf)
        if wanted < num_blocks:
            place = num_blocks - wanted
            lowest = np.partition(peaks, place)[place]
        rows, owners = [], []
        for block in np.flatnonzero(peaks >= lowest):
            of_block = scores[starts[block] : starts[block + 1]]
            # Of removed ones the score is -inf.
            enough = of_block >= max(lowest, np.float32(-2))
            rows.append(of_block[enough])
            owners.append(snapshot.blocks[block][1][enough])
        found = best_people(np.concatenate(rows), np.concatenate(owners), k)
        if len(found[0]) == k or wanted >= num_blocks:
            return found
        wanted *= 4


def _best_by_mean(
    snapshot: Snapshot, probes: np.ndarray, k: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    # Removed rows count for a person before the first.
    owners = np.concatenate([owners for _, owners in snapshot.blocks]) + 1
    length = snapshot.num_people + 1
    crops = np.bincount(owners, minlength=length)[1:]
    found = []
    for row in score_rows(snapshot, probes):
        sums = np.bincount(owners, weights=row, minlength=length)[1:]
        means = sums / np.maximum(crops, 1)
        means[crops == 0] = -np.inf
        best = _highest(means, k)
        found.append((best, means[best].astype(np.float32)))
    return found


def _highest(scores: np.ndarray, k: int) -> np.ndarray:
    """Positions of the `k` highest, descending; of ties, the first."""
    lowest = np.partition(scores, len(scores) - k)[len(scores) - k]
    enough = np.flatnonzero(scores >= lowest)
    return enough[np.argsort(-scores[enough], kind="stable")][:k]
