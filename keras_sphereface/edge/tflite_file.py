"""Reading a TFLite file's flatbuffer, as far as the device needs it.

The small `flatbuffers` package does; the generated schema of ai_edge_litert
takes longer to import than the runtime.
"""

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flatbuffers.table import Table

# Where TFLite's schema.fbs keeps its fields, which never changes:
# 4 + 2 * the number of the field.
MODEL_OPERATOR_CODES, MODEL_SUBGRAPHS = 6, 8
MODEL_BUFFERS, MODEL_METADATA = 12, 16
METADATA_NAME, METADATA_BUFFER = 4, 6
BUFFER_DATA = 4


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
    from flatbuffers.table import Table

    offset = parent.Offset(field)
    count = parent.VectorLen(offset) if offset else 0
    if 4 * count > len(parent.Bytes):
        raise ValueError("a vector is longer than the file")
    start = parent.Vector(offset) if count else 0
    return [
        Table(parent.Bytes, parent.Indirect(start + 4 * index))
        for index in range(count)
    ]


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
    try:
        return _read_metadata(content, name.encode())
    except (struct.error, IndexError, TypeError, OverflowError) as error:
        raise ValueError(f"an offset points outside it: {error}") from error


def _read_metadata(content: bytes, name: bytes) -> bytes | None:
    from flatbuffers.number_types import Uint32Flags

    model = root_table(content)
    for entry in child_tables(model, MODEL_METADATA):
        offset = entry.Offset(METADATA_NAME)
        if not offset or entry.String(offset + entry.Pos) != name:
            continue
        index = entry.GetSlot(METADATA_BUFFER, 0, Uint32Flags)
        buffer = child_tables(model, MODEL_BUFFERS)[index]
        offset = buffer.Offset(BUFFER_DATA)
        if offset:
            start = buffer.Vector(offset)
            return content[start : start + buffer.VectorLen(offset)]
    return None
