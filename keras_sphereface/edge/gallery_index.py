"""Searching a large gallery through a library, scored exactly."""

import os
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from keras_sphereface.contract.arguments import check_choice, check_integer
from keras_sphereface.edge.fork_lock import ForkLock
from keras_sphereface.edge.gallery import Gallery
from keras_sphereface.edge.gallery_store import (
    BLOCK_SIZE,
    REMOVED,
    Snapshot,
)
from keras_sphereface.edge.snapshot_search import (
    Matches,
    best_people,
    names_of,
    score_rows,
    search_snapshot,
)
from keras_sphereface.edge.vector_libraries import LIBRARIES, FindRows


class _Built(NamedTuple):
    """An index, and of what it is."""

    find: FindRows
    num_rows: int
    generation: int


class GalleryIndex:
    """Finds candidates in a gallery through usearch or faiss.

    The library proposes crops, and the gallery scores them, so that scores are
    those of `Gallery.search(pooling="max")`; a person whom it does not propose
    is not found. Whoever was enrolled since the index was built is compared one
    by one, and whoever was removed is never found, so an index is right at any
    time, and fast after `refresh`. Where rows were moved, since more were
    removed than left, and in a process that was forked, where the threads of
    the libraries are not, the search is the gallery's own.

    May be shared between threads, who wait for each other in the library.

    Args:
        gallery: `Gallery`.
        library: `"faiss"`, all vectors in 8 bits; or `"usearch"`, a graph of
            neighbors, which is slow to build, fast to search, and misses
            some. Defaults to `"faiss"`.
        candidates: int, at least 1, crops that the library proposes per probe.
            Defaults to `64`.

    Raises:
        ImportError: the library is not installed; the extra `search` has it.

    Example:

    ```python
    index = GalleryIndex(gallery)
    print(index.search(verifier.embed(["someone.png"]), k=5).names)
    ```
    """

    def __init__(
        self,
        gallery: Gallery,
        library: str = "faiss",
        *,
        candidates: int = 64,
    ) -> None:
        if not isinstance(gallery, Gallery):
            raise ValueError(
                f"`gallery` must be a Gallery. Received: gallery={gallery!r}"
            )
        self.gallery = gallery
        self.library = check_choice("library", library, tuple(LIBRARIES))
        self.candidates = check_integer("candidates", candidates, at_least=1)
        self._lock = ForkLock()
        self._process = os.getpid()
        self.refresh()

    def __repr__(self) -> str:
        return f"GalleryIndex({self.gallery!r}, {self.library!r})"

    def refresh(self) -> None:
        """Builds the index again, of the gallery as it is now.

        Until then the embeddings of people who were removed stay in the memory
        of the library. Searches go on with the older index meanwhile.
        """
        if os.getpid() != self._process:
            raise RuntimeError(
                "An index is built in the process that made it, and this one "
                "was forked from it; threads of the library may hang here. "
                f"Received: {self!r}"
            )
        snapshot = self.gallery.snapshot()
        dim = self.gallery.model.embedding_dim
        find = LIBRARIES[self.library](_units(snapshot, dim), dim)
        self._built = _Built(find, snapshot.num_rows, snapshot.generation)

    def search(self, embeddings: npt.ArrayLike, *, k: int = 1) -> Matches:
        """Finds the people most like each face, by their most similar crops.

        Args:
            embeddings: float, `[num_probes, embedding_dim]`, or one embedding
                `[embedding_dim]`; any norm but zero.
            k: int, at least 1, people per probe. Defaults to `1`.

        Returns:
            `Matches`; each row is as long as that of `Gallery.search`.
        """
        k = check_integer("k", k, at_least=1)
        units = self.gallery.unit_rows("embeddings", embeddings)
        built, snapshot = self._built, self.gallery.snapshot()
        k = min(k, snapshot.num_present)
        moved = snapshot.generation != built.generation
        forked = os.getpid() != self._process
        if moved or forked or not built.num_rows or not k:
            return search_snapshot(snapshot, units, k=max(k, 1), pooling="max")
        count = min(max(self.candidates, k), built.num_rows)
        with self._lock:
            found = built.find(units, count)
        names, scores = [], np.empty((len(units), k), np.float32)
        for row, (unit, rows) in enumerate(zip(units, found, strict=True)):
            people, best = best_people(
                *_score_some(snapshot, unit[None], rows[rows >= 0]), k
            )
            people, best = _with_later(
                snapshot, unit[None], built.num_rows, people, best, k
            )
            if len(people) < k:  # candidates of few people, or removed ones
                exact = search_snapshot(
                    snapshot, unit[None], k=k, pooling="max"
                )
                names.append(exact.names[0])
                scores[row] = exact.scores[0]
            else:
                names.append(names_of(snapshot, people))
                scores[row] = best
        return Matches(names, np.clip(scores, -1, 1), snapshot.num_crops)


def _units(snapshot: Snapshot, dim: int) -> Iterator[np.ndarray]:
    """Float32 rows of norm 1, block by block; removed ones as zeros."""
    for rows, owners in snapshot.blocks:
        there = owners != REMOVED
        units = np.zeros((len(rows), dim), np.float32)
        units[there] = snapshot.kind.decode(rows[there])
        yield units


def _score_some(
    snapshot: Snapshot, probe: np.ndarray, rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Exact scores of some rows, and whose they are."""
    numbers, places = np.divmod(rows, BLOCK_SIZE)
    blocks = snapshot.blocks
    pairs = list(zip(numbers, places, strict=True))
    owners = np.array([blocks[n][1][p] for n, p in pairs], np.int32)
    vectors = np.array(
        [blocks[n][0][p] for n, p in pairs], blocks[0][0].dtype
    ).reshape(len(pairs), *blocks[0][0].shape[1:])
    scores = np.empty((1, len(pairs)), np.float32)
    snapshot.kind.score(vectors, probe, scores)
    there = owners != REMOVED
    return scores[0, there], owners[there]


def _with_later(
    snapshot: Snapshot,
    probe: np.ndarray,
    first: int,
    people: np.ndarray,
    scores: np.ndarray,
    k: int,
) -> tuple[np.ndarray, np.ndarray]:
    """The best people with those of the rows from `first` on among them."""
    block, place = divmod(first, BLOCK_SIZE)
    later = list(snapshot.blocks[block:])
    if later:
        later[0] = later[0][0][place:], later[0][1][place:]
    some = snapshot._replace(blocks=tuple(later))
    owners = np.concatenate([people, *(owners for _, owners in later)])
    all_scores = np.concatenate([scores, score_rows(some, probe)[0]])
    there = owners != REMOVED
    return best_people(all_scores[there], owners[there], k)
