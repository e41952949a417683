"""Files of plain pixels: BMP, PGM and PPM."""

import re
import struct

import numpy as np

from keras_sphereface.contract.image_header import (
    DamagedImageError,
    ImageHeader,
    RefusedImageError,
)

BMP_HEADERS = (12, 40, 52, 56, 64, 108, 124)
_BMP_DEPTHS = (1, 4, 8, 16, 24, 32)
_PLAIN, _BIT_FIELDS = 0, 3
_GRAY_PALETTE = (np.arange(256, dtype="<u4") * 0x010101).tobytes()
# Comments go to the end of their lines. A space and no more ends the header.
_GAP = rb"(?:\s|#[^\n]*\n)+"
_PPM = re.compile(rb"P([56])" + 3 * (_GAP + rb"(\d{1,6})") + rb"\s")
_SIMPLE_PPM = re.compile(rb"P[56](?:\n(?:#[^\n]*\n)+|\s+)\d+\s+\d+\s+255\s")
_MAX_PPM_HEADER = 4096
_MAX_SIMPLE_HEADER = 250


def read_bmp_header(data: bytes) -> ImageHeader:
    """What a BMP file says about itself.

    Args:
        data: bytes of the file.

    Returns:
        `ImageHeader`.

    Raises:
        RefusedImageError: it cannot be read, and why.
    """
    if len(data) < 54:
        raise DamagedImageError("truncated: it has no pixels")
    offset, size = struct.unpack_from("<II", data, 10)
    if size not in BMP_HEADERS:
        raise DamagedImageError("broken: its header is none of a BMP")
    packing = _PLAIN
    if size == 12:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
    else:
        width, height, _, bits = struct.unpack_from("<iiHH", data, 18)
        (packing,) = struct.unpack_from("<I", data, 30)
    height = abs(height)
    if width <= 0 or not height or bits not in _BMP_DEPTHS:
        raise DamagedImageError("broken: its header is none of a BMP")
    if packing not in (_PLAIN, _BIT_FIELDS):
        raise RefusedImageError("a BMP with compressed pixels")
    row_bytes = (width * bits + 31) // 32 * 4
    # Some writers leave the padding of the last row out.
    if offset + row_bytes * height - 3 > len(data):
        raise DamagedImageError("truncated: it has fewer pixels than it says")
    is_gray = bits == 8 and data[14 + size : offset] == _GRAY_PALETTE
    fault = ""
    if packing != _PLAIN or size == 12 or not (bits >= 24 or is_gray):
        fault = "a BMP of few colors, which TensorFlow reads otherwise"
    return ImageHeader("BMP", height, width, training_fault=fault)


def read_ppm_header(data: bytes) -> ImageHeader:
    """What a PGM or PPM file says about itself.

    Args:
        data: bytes of the file.

    Returns:
        `ImageHeader`.

    Raises:
        RefusedImageError: it cannot be read, and why.
    """
    height, width, channels, _, start = _read_ppm(data)
    is_whole = start + height * width * channels == len(data)
    is_simple = _SIMPLE_PPM.match(data) and start <= _MAX_SIMPLE_HEADER
    fault = ""
    if not is_whole or not is_simple:
        fault = "a PGM or PPM of an unusual form, which TensorFlow cannot read"
    return ImageHeader("PPM", height, width, training_fault=fault)


def decode_ppm(data: bytes) -> np.ndarray:
    """The pixels of a PGM or PPM file.

    Args:
        data: bytes of a file that `read_ppm_header` has read.

    Returns:
        uint8 array, `[height, width, 3]`, RGB.
    """
    height, width, channels, most, start = _read_ppm(data)
    count = height * width * channels
    pixels = np.frombuffer(data, np.uint8, count, start)
    if most != 255:
        scaled = np.rint(np.arange(256) * (255 / most)).clip(max=255)
        pixels = scaled.astype(np.uint8)[pixels]
    pixels = pixels.reshape(height, width, channels)
    return np.repeat(pixels, 3, axis=-1) if channels == 1 else pixels.copy()


def _read_ppm(data: bytes) -> tuple[int, int, int, int, int]:
    """`(height, width, channels, largest value, place of the pixels)`."""
    head = _PPM.match(data[:_MAX_PPM_HEADER])
    if head is None:
        raise DamagedImageError("broken: its header is none of a PGM or PPM")
    width, height, most = (int(head[place]) for place in (2, 3, 4))
    channels = 3 if head[1] == b"6" else 1
    if not height or not width or not most:
        raise DamagedImageError("broken: it has no size")
    if most > 255:
        raise RefusedImageError("16 bits per channel")
    if head.end() + height * width * channels > len(data):
        raise DamagedImageError("truncated: it has fewer pixels than it says")
    return height, width, channels, most, head.end()
