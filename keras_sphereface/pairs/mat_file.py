"""What of MATLAB's files, version 5, a list of pairs needs.

Numbers, text, cells and structures; nothing else is read, and no object is
made. Time and memory stay in proportion to the file.

Reference:
    - [MAT-File Format](https://www.mathworks.com/help/pdf_doc/matlab/matfile_format.pdf)
"""

import math
import os
import struct
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

_HEADER_BYTES = 128
# A list of names becomes some thirty times smaller.
_MOST_EXPANSION = 100
_MOST_MATRICES = 200_000
_DEEPEST = 16
_MATRIX, _COMPRESSED = 14, 15
_CELL, _STRUCT, _TEXT = 1, 2, 4
_NUMBERS = range(6, 16)
# NumPy's letters of the types of data; text is UTF-8, -16 or -32.
_TYPES = {
    **{1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8"},
    **{12: "i8", 13: "u8", 16: "u1", 17: "u2", 18: "u4"},
}
_ENCODINGS = {1: "utf-8", 2: "utf-16", 4: "utf-32"}


class MatFileError(ValueError):
    """A MATLAB file that is damaged, or of another version."""


class Cells(NamedTuple):
    """Values in columns, the first index counting fastest.

    Attributes:
        shape: tuple of int.
        items: list of values.
    """

    shape: tuple[int, ...]
    items: list[Any]


def read_mat(path: str | os.PathLike) -> dict[str, Any]:
    """The variables of a MATLAB file.

    Args:
        path: path of the file.

    Returns:
        Dict by name. Numbers are arrays in one dimension; text is a
        str; cells are `Cells`; structures are `Cells` of dicts.

    Raises:
        MatFileError: the file is damaged, or holds anything else.
    """
    content = Path(path).read_bytes()
    mark = content[126:_HEADER_BYTES]
    if len(mark) < 2 or mark not in (b"IM", b"MI"):
        kind = (
            "one of version 7.3; save it with -v7"
            if content[:16].startswith((b"MATLAB 7.3", b"\x89HDF"))
            else repr(content[:16])
        )
        raise MatFileError(
            f"{path} must be a MATLAB file of version 5 to 7. Received: {kind}"
        )
    reader = _Reader("<" if mark == b"IM" else ">", len(content))
    try:
        return reader.variables(memoryview(content)[_HEADER_BYTES:])
    except MatFileError as error:
        raise MatFileError(f"{path}: {error}") from None
    except (struct.error, zlib.error, UnicodeError, ValueError) as error:
        raise MatFileError(
            f"{path} is damaged. Received: {type(error).__name__}"
        ) from error


class _Reader:
    """Reads the elements of a file, counting what it makes of them."""

    def __init__(self, order: str, num_bytes: int) -> None:
        self._order = order
        self._bytes_left = _MOST_EXPANSION * num_bytes
        self._matrices_left = _MOST_MATRICES

    def variables(self, data: memoryview) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while len(data) >= 8:
            kind, content, data = self._element(data)
            if kind == _COMPRESSED:
                content = self._expand(content)
                kind, content, _ = self._element(content)
            if kind == _MATRIX:
                name, value = self._matrix(content, 0)
                found[name] = value
        return found

    def _expand(self, content: memoryview) -> memoryview:
        machine = zlib.decompressobj()
        # 0 would be no limit.
        expanded = machine.decompress(content, max(self._bytes_left, 1))
        if machine.unconsumed_tail:
            raise MatFileError("expands to far more than a list of pairs")
        self._bytes_left -= len(expanded)
        return memoryview(expanded)

    def _element(self, data: memoryview) -> tuple[int, memoryview, memoryview]:
        """`(type, content, what is behind it)`."""
        kind, size = struct.unpack_from(f"{self._order}II", data)
        if kind >> 16:
            # Up to four bytes stand in place of their number.
            kind, size = kind & 0xFFFF, kind >> 16
            return kind, data[4 : 4 + min(size, 4)], data[8:]
        if size > len(data) - 8:
            raise MatFileError("is cut short")
        padding = 0 if kind == _COMPRESSED else -size % 8
        return kind, data[8 : 8 + size], data[8 + size + padding :]

    def _matrix(self, data: memoryview, depth: int) -> tuple[str, Any]:
        self._matrices_left -= 1
        if self._matrices_left < 0 or depth > _DEEPEST:
            raise MatFileError("holds far more than a list of pairs")
        if not data:
            return "", Cells((0, 0), [])
        _, flags, data = self._element(data)
        kind = struct.unpack_from(f"{self._order}I", flags)[0] & 0xFF
        _, shape_bytes, data = self._element(data)
        shape = tuple(np.frombuffer(shape_bytes, f"{self._order}i4").tolist())
        if len(shape) > 32 or any(length < 0 for length in shape):
            raise MatFileError("has a damaged array")
        _, name_bytes, data = self._element(data)
        name = bytes(name_bytes).decode("latin-1")
        if kind in _NUMBERS:
            return name, self._numbers(data, shape)
        if kind == _TEXT:
            return name, self._text(data)
        if kind == _CELL:
            items = self._items(data, math.prod(shape), depth)
            return name, Cells(shape, items)
        if kind == _STRUCT:
            return name, self._structures(data, shape, depth)
        raise MatFileError(
            f"holds a value of class {kind}; numbers, text, cells and "
            "structures are read"
        )

    def _items(self, data: memoryview, count: int, depth: int) -> list[Any]:
        if count > len(data) // 8:
            raise MatFileError("is cut short")
        items = []
        for _ in range(count):
            kind, content, data = self._element(data)
            if kind != _MATRIX:
                raise MatFileError("has a damaged cell")
            items.append(self._matrix(content, depth + 1)[1])
        return items

    def _structures(
        self, data: memoryview, shape: tuple[int, ...], depth: int
    ) -> Cells:
        _, length_bytes, data = self._element(data)
        length = struct.unpack_from(f"{self._order}i", length_bytes)[0]
        _, names_bytes, data = self._element(data)
        num_names, rest = divmod(len(names_bytes), max(length, 1))
        if not 0 < length <= 1024 or rest or num_names > 1000:
            raise MatFileError("has a damaged structure")
        names = [
            bytes(names_bytes[start : start + length])
            .split(b"\0", 1)[0]
            .decode("latin-1")
            for start in range(0, len(names_bytes), length)
        ]
        count = math.prod(shape) * len(names)
        if not names:
            return Cells(shape, [])
        items = self._items(data, count, depth)
        width = len(names)
        return Cells(
            shape,
            [
                dict(zip(names, items[start : start + width], strict=True))
                for start in range(0, count, width)
            ],
        )

    def _numbers(self, data: memoryview, shape: tuple[int, ...]) -> np.ndarray:
        kind, content, _ = self._element(data)
        if kind not in _TYPES or kind > 15:
            raise MatFileError("has damaged numbers")
        numbers = np.frombuffer(content, f"{self._order}{_TYPES[kind]}")
        if len(numbers) != math.prod(shape):
            raise MatFileError("has damaged numbers")
        return numbers

    def _text(self, data: memoryview) -> str:
        kind, content, _ = self._element(data)
        if kind not in _TYPES or _TYPES[kind][0] == "f":
            raise MatFileError("has damaged text")
        size = int(_TYPES[kind][1])
        if size not in _ENCODINGS:
            raise MatFileError("has damaged text")
        ending = {"<": "-le", ">": "-be"}[self._order] if size > 1 else ""
        return bytes(content).decode(_ENCODINGS[size] + ending)
