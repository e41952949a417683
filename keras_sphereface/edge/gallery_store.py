"""Embeddings in memory that can be searched while others are added."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from keras_sphereface.edge.fork_lock import ForkLock
from keras_sphereface.edge.vector_kinds import KINDS, VectorKind

BLOCK_SIZE = 4096  # rows; 8 MB of 512 numbers each
REMOVED = -1


class Snapshot(NamedTuple):
    """The embeddings of one moment; what is added later does not show.

    Args:
        blocks: tuple of `(rows, owners)`: rows of `kind`, and int32 `[rows]`,
            the person each belongs to, or `REMOVED`.
        names: list of the people's names by number, `None` for those who are
            gone; it may have grown since.
        num_people: int, numbers given to people so far.
        num_present: int, people who are not gone.
        num_crops: int, rows that belong to somebody.
        kind: `VectorKind`. Defaults to float32.
        generation: int, how often rows and people got other numbers. Defaults
            to `0`.
    """

    blocks: tuple[tuple[np.ndarray, np.ndarray], ...]
    names: list[str | None]
    num_people: int
    num_present: int
    num_crops: int
    kind: VectorKind = KINDS["float32"]
    generation: int = 0

    @property
    def num_rows(self) -> int:
        """Rows, with the removed ones."""
        return sum(len(owners) for _, owners in self.blocks)


class GalleryStore:
    """Rows of embeddings and whose they are, safe to share between threads.

    Rows lie in blocks of fixed size: adding never moves an older row, so it
    takes the same time in a gallery of any size, and a search goes on with the
    blocks of its `Snapshot`. Rows below a snapshot's end are never written
    again; whoever removes puts a changed copy of the block in its place.

    Args:
        embedding_dim: int, at least 1.
        kind: `VectorKind`. Defaults to float32.
    """

    def __init__(
        self, embedding_dim: int, kind: VectorKind = KINDS["float32"]
    ) -> None:
        self.embedding_dim = embedding_dim
        self.kind = kind
        self._generation = 0
        self._lock = ForkLock()
        self._clear()

    def _clear(self) -> None:
        self._blocks: list[np.ndarray] = []
        self._owners: list[np.ndarray] = []
        self._rows = 0
        self._removed_rows = 0
        self._names: list[str | None] = []
        self._numbers: dict[str, int] = {}

    def __len__(self) -> int:
        with self._lock:
            return len(self._numbers)

    def __contains__(self, name: object) -> bool:
        with self._lock:
            return name in self._numbers

    @property
    def num_crops(self) -> int:
        """Rows that belong to somebody."""
        with self._lock:
            return self._rows - self._removed_rows

    def names(self) -> list[str]:
        """Everybody, in the order in which they came."""
        with self._lock:
            return list(self._numbers)

    def snapshot(self) -> Snapshot:
        """The embeddings of this moment, without copying them."""
        with self._lock:
            blocks = tuple(
                (block[:rows], owners[:rows])
                for block, owners, rows in self._filled()
            )
            return Snapshot(
                blocks,
                self._names,
                num_people=len(self._names),
                num_present=len(self._numbers),
                num_crops=self._rows - self._removed_rows,
                kind=self.kind,
                generation=self._generation,
            )

    def add(self, names: list[str], units: np.ndarray) -> None:
        """Adds rows, all at one moment.

        Args:
            names: list of str, whose each row is.
            units: float32, `[rows, embedding_dim]`, rows of norm 1.
        """
        self.add_rows(names, self.kind.encode(units))

    def add_rows(self, names: list[str], rows: np.ndarray) -> None:
        """Adds rows of `kind`, all at one moment.

        Args:
            names: list of str, whose each row is.
            rows: what `kind` made.
        """
        with self._lock:
            numbers = np.array([self._number(name) for name in names], np.int32)
            self._append(numbers, rows)

    def remove(self, name: str) -> bool:
        """Erases somebody.

        Args:
            name: str.

        Returns:
            Whether they were there.
        """
        with self._lock:
            number = self._numbers.pop(name, None)
            if number is None:
                return False
            self._names = self._names.copy()
            self._names[number] = None
            for index, (block, owners, rows) in enumerate(self._filled()):
                gone = np.flatnonzero(owners[:rows] == number)
                if not len(gone):
                    continue
                # Searches may be reading the old ones.
                block, owners = _copy(block, rows), _copy(owners, rows)
                block[gone] = np.zeros((), block.dtype)
                owners[gone] = REMOVED
                self._blocks[index], self._owners[index] = block, owners
                self._removed_rows += len(gone)
            if self._removed_rows > max(self._rows // 2, BLOCK_SIZE):
                self._compact()
            return True

    def _filled(self) -> Iterator[tuple[np.ndarray, np.ndarray, int]]:
        for index, block in enumerate(self._blocks):
            rows = min(self._rows - index * BLOCK_SIZE, BLOCK_SIZE)
            yield block, self._owners[index], rows

    def _number(self, name: str) -> int:
        number = self._numbers.setdefault(name, len(self._names))
        if number == len(self._names):
            self._names.append(name)
        return number

    def _append(self, numbers: np.ndarray, rows: np.ndarray) -> None:
        start = 0
        while start < len(rows):
            index, row = divmod(self._rows, BLOCK_SIZE)
            if index == len(self._blocks):
                # The system gives memory to what is written, not to all.
                block = self.kind.empty(BLOCK_SIZE, self.embedding_dim)
                self._blocks.append(block)
                self._owners.append(np.empty(BLOCK_SIZE, np.int32))
            stop = min(start + BLOCK_SIZE - row, len(rows))
            place = slice(row, row + stop - start)
            self._blocks[index][place] = rows[start:stop]
            self._owners[index][place] = numbers[start:stop]
            self._rows += stop - start
            start = stop

    def _compact(self) -> None:
        """Drops the removed rows, once they are more than the others."""
        names, filled = self._names, list(self._filled())
        self._clear()
        self._generation += 1
        for block, owners, rows in filled:
            kept = np.flatnonzero(owners[:rows] != REMOVED)
            numbers = [self._number(names[owners[row]]) for row in kept]
            self._append(np.array(numbers, np.int32), block[kept])


def _copy(values: np.ndarray, rows: int) -> np.ndarray:
    copy = np.empty_like(values)
    copy[:rows] = values[:rows]
    return copy
