"""The chunks of a WebP file."""

import struct
from collections.abc import Iterator

from keras_sphereface.contract.exif_orientation import (
    exif_orientation,
    xmp_orientation,
)
from keras_sphereface.contract.image_header import (
    DamagedImageError,
    ImageHeader,
    RefusedImageError,
)

_MAX_CHUNKS = 4096
_ANIMATION = 0x02
_LOSSY, _LOSSLESS, _EXTENDED = b"VP8 ", b"VP8L", b"VP8X"


def chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """The chunks of a WebP file.

    Args:
        data: bytes of the file.

    Yields:
        `(name, start, end)` of the content of each.

    Raises:
        DamagedImageError: the file is cut short.
    """
    stop = 8 + int.from_bytes(data[4:8], "little")
    if stop > len(data):
        raise DamagedImageError("truncated: it is shorter than it says")
    position = 12
    for _ in range(_MAX_CHUNKS):
        if position + 8 > stop:
            return
        name = data[position : position + 4]
        length = int.from_bytes(data[position + 4 : position + 8], "little")
        start, end = position + 8, position + 8 + length
        if end > stop:
            raise DamagedImageError("truncated: a chunk is cut short")
        yield name, start, end
        position = end + length % 2
    raise RefusedImageError(f"more than {_MAX_CHUNKS} chunks")


def read_webp_header(data: bytes) -> ImageHeader:
    """What a WebP file says about itself.

    Args:
        data: bytes of the file.

    Returns:
        `ImageHeader`.

    Raises:
        RefusedImageError: it cannot be read, and why.
    """
    canvas = frame = None
    turned, in_xmp = 1, 1
    for name, start, end in chunks(data):
        if name == _EXTENDED and end - start >= 10:
            if data[start] & _ANIMATION:
                raise RefusedImageError("a WebP of several pictures")
            sides = (data[start + 4 : start + 7], data[start + 7 : start + 10])
            width, height = (int.from_bytes(s, "little") + 1 for s in sides)
            canvas = height, width
        elif name in (_LOSSY, _LOSSLESS) and frame is None:
            frame = name, _frame_size(name, data[start : start + 10])
        elif name == b"EXIF":
            turned = exif_orientation(data[start:end])
        elif name == b"XMP ":
            in_xmp = xmp_orientation(data[start:end])
    if frame is None:
        raise DamagedImageError("truncated: it has no pixels")
    name, size = frame
    if canvas not in (None, size):
        raise DamagedImageError("broken: it has two sizes")
    return ImageHeader(
        "WEBP",
        *size,
        orientation=turned if turned != 1 else in_xmp,
        # The lossless decoder keeps a picture of its own.
        pixel_bytes=4 if name == _LOSSY else 8,
    )


def webp_without_metadata(data: bytes) -> bytes:
    """A WebP file of the same pixels and nothing else.

    Args:
        data: bytes of a file that `read_webp_header` has read.

    Returns:
        bytes. Transparency of lossy files is left out.
    """
    for name, start, end in chunks(data):
        if name in (_LOSSY, _LOSSLESS):
            content = data[start:end] + bytes((end - start) % 2)
            head = struct.pack("<4sI", name, end - start)
            size = 4 + len(head) + len(content)
            riff = struct.pack("<4sI4s", b"RIFF", size, b"WEBP")
            return riff + head + content
    raise DamagedImageError("truncated: it has no pixels")


def _frame_size(name: bytes, head: bytes) -> tuple[int, int]:
    """`(height, width)` that the picture itself has."""
    if name == _LOSSY and len(head) == 10 and head[3:6] == b"\x9d\x01\x2a":
        width, height = struct.unpack("<HH", head[6:])
        width, height = width & 0x3FFF, height & 0x3FFF
    elif name == _LOSSLESS and head[:1] == b"\x2f" and len(head) >= 5:
        bits = int.from_bytes(head[1:5], "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    else:
        raise DamagedImageError("broken: its pixels have no size")
    if not height or not width:
        raise DamagedImageError("broken: it has no size")
    return height, width
