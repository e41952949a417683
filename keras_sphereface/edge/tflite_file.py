"""Reading a TFLite file's flatbuffer, as far as the device needs it.

The small `flatbuffers` package does; the generated schema of ai_edge_litert
takes longer to import than the runtime.
"""

import contextlib
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flatbuffers.table import Table

# Where TFLite's schema.fbs keeps its fields, which never changes:
# 4 + 2 * the number of the field.
MODEL_OPERATOR_CODES, MODEL_SUBGRAPHS = 6, 8
MODEL_BUFFERS, MODEL_METADATA = 12, 16
METADATA_NAME, METADATA_BUFFER = 4, 6
BUFFER_DATA = 4
# The largest files have a few thousand; offsets may all lead to one place, so
# that a small file could ask for any number of readings.
MAX_TABLES = 2**16
_MAX_METADATA = 256
_ALIGNMENT = 16


def root_table(content: bytes) -> "Table":
    """The flatbuffer's outermost table.

    Args:
        content: bytes of a TFLite file.

    Returns:
        `flatbuffers.table.Table` of the `Model`.
    """
    import flatbuffers
    from flatbuffers.number_types import UOffsetTFlags
    from flatbuffers.table import Table

    root = flatbuffers.encode.Get(UOffsetTFlags.packer_type, content, 0)
    return Table(content, root)


def child_tables(parent: "Table", field: int) -> list["Table"]:
    """The tables in a vector of tables.

    Args:
        parent: `flatbuffers.table.Table`.
        field: int, place of the field, such as `MODEL_METADATA`.

    Returns:
        List of tables, empty if the field is not there.
    """
    offset, count = _vector(parent, field, MAX_TABLES)
    return [_child(parent, offset, index) for index in range(count)]


def _vector(parent: "Table", field: int, most: int) -> tuple[int, int]:
    """Offset of a vector of tables, and how many there are."""
    offset = parent.Offset(field)
    count = parent.VectorLen(offset) if offset else 0
    if 4 * count > len(parent.Bytes):
        raise ValueError("a vector is longer than the file")
    if count > most:
        raise ValueError(f"a vector has more than {most} tables")
    return offset, count


def _child(parent: "Table", offset: int, index: int) -> "Table":
    from flatbuffers.table import Table

    place = parent.Vector(offset) + 4 * index
    return Table(parent.Bytes, parent.Indirect(place))


def read_metadata(content: bytes, name: str) -> bytes | None:
    """A metadata buffer of a TFLite file.

    Args:
        content: bytes of a TFLite file, whole or damaged.
        name: str, the entry's name.

    Returns:
        The buffer's bytes, or `None` if there is no such entry.

    Raises:
        ValueError: an offset in the file points outside it.
    """
    with _damage_named():
        buffer = _find_buffer(content, name.encode())
        offset = buffer.Offset(BUFFER_DATA) if buffer is not None else 0
        if buffer is None or not offset:
            return None
        start = buffer.Vector(offset)
        return content[start : start + buffer.VectorLen(offset)]


def replace_metadata(content: bytes, name: str, data: bytes) -> bytes:
    """The file with another text in a metadata buffer that it has.

    Everything else stays where it is. A shorter text is filled up with spaces
    in the place of the old one; a longer one is added at the end, and the old
    one is blanked.

    Args:
        content: bytes of a TFLite file.
        name: str, the entry's name.
        data: bytes, the new text.

    Returns:
        Bytes of a TFLite file.

    Raises:
        ValueError: there is no such entry, or the file is damaged.
    """
    with _damage_named():
        buffer = _find_buffer(content, name.encode())
        offset = buffer.Offset(BUFFER_DATA) if buffer is not None else 0
        if buffer is None or not offset:
            raise ValueError(f"there is no {name}")
        start, length = buffer.Vector(offset), buffer.VectorLen(offset)
        changed = bytearray(content)
        changed[start : start + length] = data[:length].ljust(length)
        if len(data) <= length:
            return bytes(changed)
        changed[start : start + length] = b" " * length
        # Vectors begin at multiples of 16 bytes, after their length.
        changed += bytes(-(len(changed) + 4) % _ALIGNMENT)
        field = buffer.Pos + offset
        struct.pack_into("<I", changed, field, len(changed) - field)
        changed += struct.pack("<I", len(data)) + data
        return bytes(changed + bytes(-len(changed) % 4))


@contextlib.contextmanager
def _damage_named() -> Iterator[None]:
    try:
        yield
    except (struct.error, IndexError, TypeError, OverflowError) as error:
        raise ValueError(f"an offset points outside it: {error}") from error


def _find_buffer(content: bytes, name: bytes) -> "Table | None":
    """The buffer of a metadata entry."""
    from flatbuffers.number_types import Uint32Flags

    model = root_table(content)
    entries, num_entries = _vector(model, MODEL_METADATA, _MAX_METADATA)
    buffers, num_buffers = _vector(model, MODEL_BUFFERS, MAX_TABLES)
    for number in range(num_entries):
        entry = _child(model, entries, number)
        offset = entry.Offset(METADATA_NAME)
        # Compared before it is copied: a name may be as long as the file.
        if not offset or entry.VectorLen(offset) != len(name):
            continue
        if entry.String(offset + entry.Pos) != name:
            continue
        index = entry.GetSlot(METADATA_BUFFER, 0, Uint32Flags)
        if index >= num_buffers:
            raise ValueError(f"there is no buffer {index}")
        return _child(model, buffers, index)
    return None
