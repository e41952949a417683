"""How embeddings lie in memory: float32, or half or a quarter of it."""

from collections.abc import Iterator
from typing import Protocol

import numpy as np

from keras_sphereface.contract import unit_embeddings

# Numbers that are made float32 at once: they stay in a core's cache.
_SCRATCH = 2**17
_NORM_TOLERANCE = 1e-4  # of float32 rows of norm 1; written ones keep 1e-6
_HALF_TOLERANCE = 1e-3  # rounding to 11 bits changes a norm by half of it


class VectorKind(Protocol):
    """One way to keep rows of norm 1.

    `rows` are an array whose first axis counts rows, of a type of its own; all
    zeros is what stands where a row was erased, and scores 0.
    """

    name: str

    def empty(self, count: int, dim: int) -> np.ndarray:
        """Room for `count` rows."""

    def encode(self, units: np.ndarray) -> np.ndarray:
        """Rows of float32 `[count, dim]` of norm 1."""

    def decode(self, rows: np.ndarray) -> np.ndarray:
        """Float32 `[count, dim]` of norm 1; no row may be erased."""

    def score(
        self, rows: np.ndarray, probes: np.ndarray, out: np.ndarray
    ) -> None:
        """Cosines with probes of norm 1, into `out`, `[num_probes, count]`."""

    def to_bytes(self, rows: np.ndarray) -> np.ndarray:
        """What a file holds: a contiguous array `[count, dim]`."""

    def from_bytes(
        self, content: bytes, dim: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Rows of a file, and which of them are such as `encode` makes."""


class Float32:
    """As embeddings come."""

    name = "float32"

    def empty(self, count: int, dim: int) -> np.ndarray:
        return np.empty((count, dim), np.float32)

    def encode(self, units: np.ndarray) -> np.ndarray:
        return units

    def decode(self, rows: np.ndarray) -> np.ndarray:
        return np.array(rows)

    def score(
        self, rows: np.ndarray, probes: np.ndarray, out: np.ndarray
    ) -> None:
        _dot(rows, probes, out)

    def to_bytes(self, rows: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(rows, "<f4")

    def from_bytes(
        self, content: bytes, dim: int
    ) -> tuple[np.ndarray, np.ndarray]:
        rows = np.frombuffer(content, "<f4").reshape(-1, dim)
        return rows, _are_unit(rows, _NORM_TOLERANCE)


class Float16:
    """Half the memory; a value is rounded to 11 bits."""

    name = "float16"
    # The exponents of float16 and float32 count from 15 and 127.
    _POWER = np.float32(2.0**112)

    def empty(self, count: int, dim: int) -> np.ndarray:
        return np.empty((count, dim), np.float16)

    def encode(self, units: np.ndarray) -> np.ndarray:
        return units.astype(np.float16)

    def decode(self, rows: np.ndarray) -> np.ndarray:
        return unit_embeddings(rows)

    def score(
        self, rows: np.ndarray, probes: np.ndarray, out: np.ndarray
    ) -> None:
        # NumPy converts float16 five times as slowly as memory is read. The
        # same bits, moved, are a float32 that is 2^112 times too small: the
        # probes are made larger, which rounds nothing.
        probes = probes * self._POWER
        for some, scratch in _parts(rows.shape):
            bits = scratch.view(np.int32)
            np.copyto(bits, rows[some].view(np.int16))
            np.left_shift(bits, 13, out=bits)
            # Of the sign, which was copied into four bits, one is left.
            np.bitwise_and(bits, np.int32(-0x70000001), out=bits)
            _dot(scratch, probes, out[:, some])

    def to_bytes(self, rows: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(rows, "<f2")

    def from_bytes(
        self, content: bytes, dim: int
    ) -> tuple[np.ndarray, np.ndarray]:
        rows = np.frombuffer(content, "<f2").reshape(-1, dim)
        return rows, _are_unit(rows.astype(np.float32), _HALF_TOLERANCE)


class Int8:
    """A quarter of the memory, and one float32 per row.

    A row's integers give its direction, the largest being 127 or -127. What is
    multiplied to make its norm 1 follows from them, so that no file can say
    another.
    """

    name = "int8"

    def empty(self, count: int, dim: int) -> np.ndarray:
        return np.empty(count, [("values", "i1", (dim,)), ("scale", "f4")])

    def encode(self, units: np.ndarray) -> np.ndarray:
        peaks = np.abs(units).max(axis=1, keepdims=True)
        return self._rows(np.rint(units * (127 / peaks)).astype(np.int8))

    def decode(self, rows: np.ndarray) -> np.ndarray:
        return unit_embeddings(rows["values"])

    def score(
        self, rows: np.ndarray, probes: np.ndarray, out: np.ndarray
    ) -> None:
        values = rows["values"]
        for some, scratch in _parts(values.shape):
            np.copyto(scratch, values[some])
            _dot(scratch, probes, out[:, some])
        out *= rows["scale"]

    def to_bytes(self, rows: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(rows["values"])

    def from_bytes(
        self, content: bytes, dim: int
    ) -> tuple[np.ndarray, np.ndarray]:
        values = np.frombuffer(content, np.int8).reshape(-1, dim)
        peaks = np.abs(values.astype(np.int16)).max(axis=1)
        return self._rows(values), peaks == 127

    def _rows(self, values: np.ndarray) -> np.ndarray:
        rows = self.empty(*values.shape)
        rows["values"] = values
        wide = values.astype(np.float32)  # squares of integers are exact
        norms = np.sqrt(np.einsum("ij,ij->i", wide, wide))
        rows["scale"] = 1 / np.maximum(norms, 1)  # 0 of a damaged row
        return rows


KINDS: dict[str, VectorKind] = {
    kind.name: kind for kind in (Float32(), Float16(), Int8())
}


def _parts(shape: tuple[int, ...]) -> Iterator[tuple[slice, np.ndarray]]:
    """Slices of the rows, and float32 scratch for each."""
    count, dim = shape
    step = max(_SCRATCH // dim, 1)
    scratch = np.empty((min(step, count), dim), np.float32)
    for start in range(0, count, step):
        stop = min(start + step, count)
        yield slice(start, stop), scratch[: stop - start]


def _dot(values: np.ndarray, probes: np.ndarray, out: np.ndarray) -> None:
    if len(probes) == 1:
        np.dot(values, probes[0], out=out[0])
    else:
        np.matmul(probes, values.T, out=out)


def _are_unit(rows: np.ndarray, tolerance: float) -> np.ndarray:
    """Which rows are finite and of norm 1."""
    with np.errstate(over="ignore", invalid="ignore"):
        squares = np.einsum("ij,ij->i", rows, rows)
        # A NaN is not near anything.
        return np.abs(squares - 1) < 2 * tolerance
