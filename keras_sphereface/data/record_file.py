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


class DamagedRecordError(ValueError):
    """A record that cannot be read, and where."""


def frames_at(content, offsets):
    """The frames at many offsets at once.

    Args:
        content: uint8 array, the file.
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
        content: uint8 array, the file.
        offsets: int64 array, `[num_records]`, with all words in the file.
        count: int, words at each offset.

    Returns:
        Int64 array, `[num_records, count]`.
    """
    index = offsets[:, None] + np.arange(4 * count)
    return content[index].view("<u4").astype(np.int64)


def scan(content):
    """Finds every record without an index.

    After damage it goes on at the next place that looks like a record.

    Args:
        content: buffer with the file, such as an `mmap`.

    Returns:
        `(offsets, damages)`: int64 array of the first frame of each record,
        and a list of int, where something else than a frame stood.
    """
    offsets, damages = [], []
    position, size = 0, len(content)
    while position < size:
        frame = _frame(content, position)
        if frame is None or frame[0] not in (_WHOLE, _FIRST):
            damages.append(position)
            position = _next_frame(content, position + 4)
            continue
        end = position + HEADER_BYTES + _padded(frame[1])
        if frame[0] == _FIRST:
            end = _end_of_parts(content, end)
            if end is None:
                damages.append(position)
                position = _next_frame(content, position + 4)
                continue
        offsets.append(position)
        position = end
    return np.array(offsets, np.int64), damages


def join_parts(content, offset):
    """The payload of a record that was cut into parts.

    Args:
        content: buffer with the file.
        offset: int, of its first frame.

    Returns:
        Bytes.

    Raises:
        DamagedRecordError: a part is missing.
    """
    parts, position = [], offset
    while True:
        frame = _frame(content, position)
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


def _frame(content, position):
    """`(kind, length)`, or `None` where no frame fits."""
    if content[position : position + 4] != MAGIC_BYTES:
        return None
    word = int.from_bytes(content[position + 4 : position + 8], "little")
    kind, length = word >> _LENGTH_BITS, word & (2**_LENGTH_BITS - 1)
    if kind > _LAST or position + HEADER_BYTES + length > len(content):
        return None
    return kind, length


def _end_of_parts(content, position):
    """Where the record ends whose second part is here, or `None`."""
    while True:
        frame = _frame(content, position)
        if frame is None or frame[0] not in (_MIDDLE, _LAST):
            return None
        position += HEADER_BYTES + _padded(frame[1])
        if frame[0] == _LAST:
            return position


def _next_frame(content, position):
    """The next aligned place that a record could begin at, or the end."""
    while True:
        position = content.find(MAGIC_BYTES, position)
        if position < 0:
            return len(content)
        if position % 4 == 0:
            frame = _frame(content, position)
            if frame is not None and frame[0] in (_WHOLE, _FIRST):
                return position
        position += 1


def _padded(length):
    return (length + 3) // 4 * 4
