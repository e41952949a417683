"""The segments of a JPEG file before its pixels."""

import re
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

START, END = b"\xff\xd8", b"\xff\xd9"
_SCAN_START = b"\xff\xda"
_SCAN, _END = 0xDA, 0xD9
_NO_PAYLOAD = {0x01, *range(0xD0, 0xD9)}
_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_READ_FRAMES = {0xC0, 0xC1, 0xC2}  # baseline, extended, progressive
_PROGRESSIVE = 0xC2
_METADATA = {*range(0xE1, 0xEE), 0xEF, 0xFE}  # not JFIF's and Adobe's
_APP1 = 0xE1
_MAX_SEGMENTS = 4096
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_NOT_FILL = re.compile(rb"[^\xff]")


def segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """The segments up to the first scan, as decoders find them.

    Args:
        data: bytes of the file.

    Yields:
        `(marker, start, end)` of each payload; of the scan, where its marker
        begins, and the end of the file.

    Raises:
        DamagedImageError: there is no scan.
    """
    position = 2
    for _ in range(_MAX_SEGMENTS):
        # Decoders pass over what stands between segments, as this does.
        fill = data.find(b"\xff", position)
        match = _NOT_FILL.search(data, fill) if fill >= 0 else None
        if match is None:
            raise DamagedImageError("truncated: it has no pixels")
        position, marker = match.end(), match.group()[0]
        if marker == 0 or marker in _NO_PAYLOAD:
            continue
        if marker == _SCAN:
            yield marker, position - 2, len(data)
            return
        length = int.from_bytes(data[position : position + 2], "big")
        if marker == _END or length < 2 or position + length > len(data):
            raise DamagedImageError("truncated: it has no pixels")
        yield marker, position + 2, position + length
        position += length
    raise RefusedImageError(f"more than {_MAX_SEGMENTS} segments")


def read_jpeg_header(data: bytes) -> ImageHeader:
    """What a JPEG file says about itself.

    Args:
        data: bytes of the file.

    Returns:
        `ImageHeader`.

    Raises:
        RefusedImageError: it cannot be read, and why.
    """
    frame, exif, xmp, scan = None, [], b"", 0
    for marker, start, end in segments(data):
        if marker in _FRAMES:
            if frame is not None:
                raise DamagedImageError("two headers of a frame")
            frame = marker, data[start:end]
        elif marker == _SCAN:
            scan = start
        elif marker == _APP1:
            if data.startswith(b"Exif\0\0", start):
                exif.append(data[start + 6 : end])
            elif data.startswith(_XMP, start):
                xmp = data[start:end]
    if frame is None:
        raise DamagedImageError("broken: it has no size")
    # An entropy-coded byte of 255 is followed by 0, so that this is the end
    # of an image, if not of this one's thumbnail.
    if data.find(END, scan) < 0:
        raise DamagedImageError("truncated: no end marker")
    turned = exif_orientation(b"".join(exif)) if exif else 1
    if turned == 1 and xmp:
        turned = xmp_orientation(xmp)
    height, width, planes = _read_frame(*frame)
    scans = data.count(_SCAN_START, scan)
    is_kept = frame[0] == _PROGRESSIVE or scans > 1
    return ImageHeader(
        "JPEG",
        height,
        width,
        orientation=turned,
        # Of several scans a decoder keeps the coefficients, 16 bits each.
        pixel_bytes=4 + (planes if is_kept else 0),
        passes=scans,
    )


def jpeg_without_metadata(data: bytes) -> bytes:
    """A JPEG file of the same pixels and nothing else.

    Args:
        data: bytes of a file that `read_jpeg_header` has read.

    Returns:
        bytes.
    """
    parts = [START]
    for marker, start, end in segments(data):
        if marker == _SCAN:
            parts.append(data[start:end])
        elif marker not in _METADATA:
            parts.append(struct.pack(">BBH", 0xFF, marker, end - start + 2))
            parts.append(data[start:end])
    return b"".join(parts)


def _read_frame(marker: int, payload: bytes) -> tuple[int, int, int]:
    """`(height, width, bytes of coefficients per pixel)`."""
    if marker not in _READ_FRAMES:
        raise RefusedImageError(
            "a JPEG that is lossless or of another rare kind"
        )
    if len(payload) < 6 or len(payload) != 6 + 3 * payload[5]:
        raise DamagedImageError("broken: its size cannot be read")
    bits, height, width, count = struct.unpack_from(">BHHB", payload)
    if bits != 8:
        raise RefusedImageError(f"{bits} bits per channel")
    sampling = [payload[7 + 3 * one] for one in range(count)]
    blocks = [(s >> 4) * (s & 15) for s in sampling]
    if count not in (1, 3, 4) or not all(blocks):
        raise DamagedImageError(f"broken: {count} color channels")
    if not height or not width:
        raise DamagedImageError("broken: it has no size")
    most = max(s >> 4 for s in sampling) * max(s & 15 for s in sampling)
    return height, width, -(-2 * sum(blocks) // most)
