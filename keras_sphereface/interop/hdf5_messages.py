"""What the messages in an HDF5 object say."""

import struct

import numpy as np

from keras_sphereface.interop.weights_errors import WeightsFileError

# Kinds of messages.
DATASPACE, LINK_INFO, DATATYPE, LINK = 0x01, 0x02, 0x03, 0x06
EXTERNAL_FILES, LAYOUT, FILTERS, ATTRIBUTE = 0x07, 0x08, 0x0B, 0x0C
CONTINUATION, SYMBOL_TABLE = 0x10, 0x11

_INTEGER, _FLOAT, _STRING, _VARIABLE = 0, 1, 3, 9
_COMPACT, _CONTIGUOUS = 0, 1
_NO_ADDRESS = 2**64 - 1
# Bits of the exponent and the fraction of IEEE's numbers, by bytes.
_IEEE = {2: (5, 10), 4: (8, 23), 8: (11, 52)}
_MAX_RANK = 8


def read_shape(message):
    """Shape in a dataspace message.

    Args:
        message: bytes.

    Returns:
        Tuple of int.
    """
    version, rank = message[0], message[1]
    start = {1: 8, 2: 4}.get(version)
    if start is None or rank > _MAX_RANK:
        raise WeightsFileError("an array has a shape of an unknown kind")
    shape = struct.unpack_from(f"<{rank}Q", message, start)
    if any(size >= 2**40 for size in shape):
        raise WeightsFileError("an array has an impossible shape")
    return shape


def read_datatype(message):
    """Type of numbers in a datatype message.

    Args:
        message: bytes.

    Returns:
        `np.dtype`, or `None` for what are not plain numbers.
    """
    kind, bits = message[0] & 15, message[1]
    (size,) = struct.unpack_from("<I", message, 4)
    order = ">" if bits & 1 else "<"
    if kind == _INTEGER and size in (1, 2, 4, 8):
        return np.dtype(f"{order}{'i' if bits & 8 else 'u'}{size}")
    if kind == _FLOAT and size in _IEEE:
        exponent, fraction = message[13], message[15]
        if (exponent, fraction) == _IEEE[size]:
            return np.dtype(f"{order}f{size}")
    return None


def read_layout(message):
    """Where the numbers of an array lie.

    Args:
        message: bytes.

    Returns:
        `(address, size, content)`; `content` is bytes where they lie in the
        message itself, and `None` elsewhere.
    """
    version, kind = message[0], message[1]
    if version not in (3, 4) or kind not in (_COMPACT, _CONTIGUOUS):
        raise WeightsFileError("an array lies in pieces, or in an unknown way")
    if kind == _COMPACT:
        (size,) = struct.unpack_from("<H", message, 2)
        content = message[4 : 4 + size]
        if len(content) != size:
            raise WeightsFileError("an array ends early")
        return None, size, content
    address, size = struct.unpack_from("<QQ", message, 2)
    if address == _NO_ADDRESS and size:
        raise WeightsFileError("an array was never written")
    return address, size, None


def read_attribute(message):
    """An attribute that is one text.

    Args:
        message: bytes.

    Returns:
        `(name, text, place)`, with `text` bytes, or `None` where it lies at a
        `place`, `(size, address, index)`, of a heap; `None` for attributes that
        are something else.
    """
    version, _, *sizes = struct.unpack_from("<BBHHH", message)
    if version not in (1, 2, 3):
        raise WeightsFileError("an attribute is of an unknown kind")
    place = 8 if version < 3 else 9
    parts = []
    for size in sizes:
        parts.append(message[place : place + size])
        # The first version ends each part at a multiple of eight.
        place += (size + 7) // 8 * 8 if version == 1 else size
    name, kind, space = parts
    if any(size != 1 for size in read_shape(space)):
        return None
    name = name.rstrip(b"\0").decode()
    (size,) = struct.unpack_from("<I", kind, 4)
    if kind[0] & 15 == _STRING:
        return name, message[place : place + size].rstrip(b"\0"), None
    if kind[0] & 15 == _VARIABLE and kind[1] & 15 == 1:
        return name, None, struct.unpack_from("<IQI", message, place)
    return None
