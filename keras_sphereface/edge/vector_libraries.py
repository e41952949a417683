"""Libraries that find the nearest of many vectors: usearch and faiss."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

# Finds rows: `(probes, count)` to their numbers `[num_probes, count]`, -1
# where there are fewer.
FindRows = Callable[[np.ndarray, int], np.ndarray]
_TRAINING_ROWS = 2**16
_EXPANSION = 512  # nodes that a search of the graph keeps
# Threads that add to a small graph at once leave nodes that nobody finds.
_FEW = 10_000


def usearch_rows(blocks: Iterable[np.ndarray], dim: int) -> FindRows:
    """A graph of neighbors (HNSW) over float16 vectors.

    Args:
        blocks: iterable of float32 `[rows, dim]`, of norm 1.
        dim: int.

    Returns:
        `FindRows`.
    """
    try:
        from usearch.index import Index
    except ImportError as error:
        raise _not_installed("usearch", error) from error
    index = Index(
        ndim=dim, metric="ip", dtype="f16", expansion_search=_EXPANSION
    )
    for rows in blocks:
        first = len(index)
        index.add(
            np.arange(first, first + len(rows)),
            rows,
            threads=1 if first < _FEW else 0,
        )

    def find(probes: np.ndarray, count: int) -> np.ndarray:
        matches: Any = index.search(probes, count)
        # Of one probe the matches are no batch.
        keys = np.reshape(matches.keys, (len(probes), -1)).astype(np.int64)
        if len(probes) > 1:
            columns = np.arange(keys.shape[1])
            keys[columns >= np.reshape(matches.counts, (-1, 1))] = -1
        return keys

    return find


def faiss_rows(blocks: Iterable[np.ndarray], dim: int) -> FindRows:
    """A scan of vectors of 8 bits per value.

    Args:
        blocks: iterable of float32 `[rows, dim]`, of norm 1.
        dim: int.

    Returns:
        `FindRows`.
    """
    try:
        import faiss
    except ImportError as error:
        raise _not_installed("faiss", error) from error
    index = faiss.IndexScalarQuantizer(
        dim, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
    )
    waiting: list[np.ndarray] = []

    def add_waiting() -> None:
        if waiting:
            rows = np.concatenate(waiting)
            waiting.clear()
            if not index.is_trained:
                index.train(rows)  # the range of each value
            index.add(rows)

    for rows in blocks:
        waiting.append(rows)
        if sum(map(len, waiting)) >= _TRAINING_ROWS:
            add_waiting()
    add_waiting()

    def find(probes: np.ndarray, count: int) -> np.ndarray:
        rows: Any = index.search(probes, count)[1]
        return rows

    return find


LIBRARIES: dict[str, Callable[[Iterable[np.ndarray], int], FindRows]] = {
    "usearch": usearch_rows,
    "faiss": faiss_rows,
}


def _not_installed(name: str, error: ImportError) -> ImportError:
    return ImportError(
        f"A gallery is searched through {name} where that is installed: "
        f'`pip install "keras-sphereface[search]"`. Received: {error}'
    )
