"""The frames of a `.rec` file, as MXNet's recordio writes them.

Each record is `magic, kind << 29 | length, payload, padding to 4 bytes`, all
little-endian. A payload that has the magic number in it, aligned to 4 bytes, is
cut there into parts: kind 1 begins it, 2 goes on, 3 ends it, and the magic
between two parts is left out. Everything else has kind 0.
"""

import numpy as np

MAGIC = 0xCED7230A
MAGIC_BYTES = MAGIC.to_bytes(4, "little")
HEADER_BYTES = 8
_LENGTH_BITS = 29
_WHOLE, _FIRST, _MIDDLE, _LAST = range(4)
_CHUNK = 65_536
_BLOCK = 2**20


class DamagedRecordError(ValueError):
    """A record that cannot be read, and where."""


def frames_at(content, offsets):
    """The frames at many offsets at once.

    Args:
        content: sequence of bytes, the file; slices are read from it.
        offsets: int64 array, `[num_records]`.

    Returns:
        `(kinds, lengths)`: int64 arrays, `[num_records]`. A kind of -1 is no
        frame: another magic number, or a payload past the end of the file.
    """
    kinds = np.full(len(offsets), -1, np.int64)
    lengths = np.zeros(len(offsets), np.int64)
    fits = (offsets >= 0) & (offsets <= len(content) - HEADER_BYTES)
    inside = np.flatnonzero(fits)
    for chunk in np.split(inside, range(_CHUNK, len(inside), _CHUNK)):
        magic, word = read_words(content, offsets[chunk], 2).T
        length = word & (2**_LENGTH_BITS - 1)
        is_frame = magic == MAGIC
        is_frame &= offsets[chunk] + HEADER_BYTES + length <= len(content)
        kinds[chunk] = np.where(is_frame, word >> _LENGTH_BITS, -1)
        lengths[chunk] = length
    return kinds, lengths


def read_words(content, offsets, count):
    """32-bit little-endian words at many offsets at once.

    Args:
        content: sequence of bytes, the file; slices are read from it.
        offsets: int64 array, `[num_records]`, with all words in the file.
        count: int, words at each offset.

    Returns:
        Int64 array, `[num_records, count]`.
    """
    size = 4 * count
    words = b"".join([content[at : at + size] for at in offsets.tolist()])
    return np.frombuffer(words, "<u4").reshape(-1, count).astype(np.int64)


def scan(content):
    """Finds every record without an index, in one pass.

    After damage it goes on at the next place that looks like a record.

    Args:
        content: sequence of bytes, the file; slices are read from it.

    Returns:
        `(offsets, damages)`: int64 array of the first frame of each record,
        and a list of int, where something else than a frame stood.
    """
    offsets, damages = [], []
    marks = _Marks(content)
    position, size = 0, len(content)
    while position < size:
        last, end = _extent(content, position)
        if end is None:
            damages.append(position)
            # Parts that fit are not looked at again.
            position = _next_frame(content, marks, last + 4)
            continue
        offsets.append(position)
        position = end
    return np.array(offsets, np.int64), damages


def join_parts(content, offset, end=None):
    """The payload of a record that was cut into parts.

    Args:
        content: sequence of bytes, the file.
        offset: int, of its first frame.
        end: int, where the next record begins. Defaults to `None`, the end of
            the file.

    Returns:
        Bytes.

    Raises:
        DamagedRecordError: a part is missing.
    """
    end = len(content) if end is None else end
    parts, position = [], offset
    while True:
        frame = _frame(content, position, end)
        expected = (_MIDDLE, _LAST) if parts else (_FIRST,)
        if frame is None or frame[0] not in expected:
            raise DamagedRecordError(
                f"A part of the record at byte {offset} is missing. "
                f"Received: no part at byte {position}"
            )
        start = position + HEADER_BYTES
        parts.append(bytes(content[start : start + frame[1]]))
        if frame[0] == _LAST:
            return MAGIC_BYTES.join(parts)
        position = start + _padded(frame[1])


class _Marks:
    """Where the magic number stands, block by block, each read once."""

    def __init__(self, content):
        self._content = content
        self._places = np.zeros(0, np.int64)
        self._end = 0

    def first_from(self, position):
        """The first place from a position on, or `None`; never goes back."""
        while True:
            at = np.searchsorted(self._places, position)
            if at < len(self._places):
                return int(self._places[at])
            start = max(self._end, position // 4 * 4)
            block = self._content[start : start + _BLOCK]
            if len(block) < 4:
                return None
            words = np.frombuffer(bytes(block), "<u4", len(block) // 4)
            self._places = start + 4 * np.flatnonzero(words == MAGIC)
            self._end = start + 4 * len(words)


def _frame(content, position, size):
    """`(kind, length)`, or `None` where no frame fits."""
    head = content[position : position + HEADER_BYTES]
    if head[:4] != MAGIC_BYTES or len(head) < HEADER_BYTES:
        return None
    word = int.from_bytes(head[4:], "little")
    kind, length = word >> _LENGTH_BITS, word & (2**_LENGTH_BITS - 1)
    if kind > _LAST or position + HEADER_BYTES + length > size:
        return None
    return kind, length


def _extent(content, position):
    """The last frame of a record that fits, and its end; or `None` for that."""
    last, expected = position, (_WHOLE, _FIRST)
    while True:
        frame = _frame(content, position, len(content))
        if frame is None or frame[0] not in expected:
            return last, None
        last, expected = position, (_MIDDLE, _LAST)
        position += HEADER_BYTES + _padded(frame[1])
        if frame[0] in (_WHOLE, _LAST):
            return last, position


def _next_frame(content, marks, position):
    """The next aligned place that a record could begin at, or the end."""
    size = len(content)
    while (place := marks.first_from(position)) is not None:
        frame = _frame(content, place, size)
        if frame is not None and frame[0] in (_WHOLE, _FIRST):
            return place
        position = place + 4
    return size


def _padded(length):
    return (length + 3) // 4 * 4
