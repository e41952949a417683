"""Reading an ONNX file's properties without the packages onnx or protobuf."""

from collections.abc import Iterator

# Protobuf's wire types, by the bytes they take; -1: a varint, -2: a length.
_SIZES = {0: -1, 1: 8, 2: -2, 5: 4}
_MODEL_PROPERTIES = 14  # ModelProto.metadata_props in onnx.proto
_KEY, _VALUE = 1, 2  # of StringStringEntryProto


def read_model_property(content: bytes, name: str) -> bytes | None:
    """One of the `metadata_props` of an ONNX file.

    Args:
        content: bytes of an ONNX file, whole or damaged.
        name: str, the property's key.

    Returns:
        The value's bytes, or `None` if there is no such key.

    Raises:
        ValueError: the file is not a protobuf message, or ends too early.
    """
    for number, entry in _fields(memoryview(content)):
        if number == _MODEL_PROPERTIES:
            item = dict(_fields(entry))
            if bytes(item.get(_KEY, b"")) == name.encode():
                return bytes(item.get(_VALUE, b""))
    return None


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Number and bytes of each field with a length; others are passed over."""
    position = 0
    while position < len(message):
        tag, position = _varint(message, position)
        size = _SIZES.get(tag & 7)
        if size is None or tag >> 3 == 0:
            raise ValueError(f"no protobuf field at byte {position}")
        if size == -1:
            _, position = _varint(message, position)
            continue
        if size == -2:
            size, position = _varint(message, position)
        if position + size > len(message):
            raise ValueError(f"a field ends {size} bytes after {position}")
        if tag & 7 == 2:
            yield tag >> 3, message[position : position + size]
        position += size


def _varint(message: memoryview, position: int) -> tuple[int, int]:
    value = 0
    for index, byte in enumerate(message[position : position + 10]):
        value |= (byte & 127) << 7 * index
        if byte < 128:
            return value, position + index + 1
    raise ValueError(f"a number does not end at byte {position}")
