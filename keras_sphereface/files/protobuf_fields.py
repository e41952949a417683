"""The fields of a protobuf message, without the package protobuf."""

from collections.abc import Iterator

# Protobuf's wire types, by the bytes they take; -1: a varint, -2: a length.
_SIZES = {0: -1, 1: 8, 2: -2, 5: 4}
# A field may take two bytes, and each of them time.
MAX_FIELDS = 2**15


def protobuf_fields(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Number and bytes of each field with a length; others are passed over.

    Args:
        message: bytes of a message, whole or damaged.

    Yields:
        `(number, content)`.

    Raises:
        ValueError: it is not a protobuf message, ends too early, or has more
            than 32,768 fields.
    """
    for number, content, _ in protobuf_pieces(message):
        if content is not None:
            yield number, content


def protobuf_pieces(
    message: memoryview,
) -> Iterator[tuple[int, memoryview | None, memoryview]]:
    """Every field of a message, and the bytes it is written in.

    Args:
        message: as for `protobuf_fields`.

    Yields:
        `(number, content, piece)`; `content` is `None` where a field has no
        length. All pieces in their order are the message.
    """
    position = count = 0
    while position < len(message):
        begin = position
        tag = message[position]
        position += 1
        if tag > 127:
            tag, position = _varint(message, position - 1)
        size = _SIZES.get(tag & 7)
        if size is None or tag >> 3 == 0:
            raise ValueError(f"no protobuf field at byte {position}")
        count += 1
        if count > MAX_FIELDS:
            raise ValueError(f"a message has more than {MAX_FIELDS} fields")
        if size == -1:
            _, position = _varint(message, position)
            yield tag >> 3, None, message[begin:position]
            continue
        if size == -2:
            size, position = _varint(message, position)
        if position + size > len(message):
            raise ValueError(f"a field ends {size} bytes after {position}")
        content = message[position : position + size]
        position += size
        has_length = tag & 7 == 2
        yield (
            tag >> 3,
            content if has_length else None,
            message[begin:position],
        )


def protobuf_field(number: int, content: bytes) -> bytes:
    """A field with a length, as it is written.

    Args:
        number: int, of the field.
        content: bytes.

    Returns:
        bytes.
    """
    return _as_varint(number << 3 | 2) + _as_varint(len(content)) + content


def _as_varint(value: int) -> bytes:
    digits = bytearray()
    while value > 127:
        digits.append(value & 127 | 128)
        value >>= 7
    return bytes([*digits, value])


def _varint(message: memoryview, position: int) -> tuple[int, int]:
    value = 0
    for index, byte in enumerate(message[position : position + 10]):
        value |= (byte & 127) << 7 * index
        if byte < 128:
            return value, position + index + 1
    raise ValueError(f"a number does not end at byte {position}")
