"""How a photograph is to be turned, as its metadata says."""

import re
import struct

import numpy as np

_TAG = 0x0112
_ENTRY_BYTES = 12
_BYTE_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
_XMP = re.compile(rb'tiff:Orientation(?:="|>)([0-9])')


def exif_orientation(exif: bytes) -> int:
    """The orientation in EXIF data.

    Of all tags nothing else is read, since a tag may claim any number of bytes,
    and any number of tags the same ones.

    Args:
        exif: bytes, a TIFF header and a list of tags, with or without the
            `Exif` in front.

    Returns:
        int in `[1, 8]`; `1` where they do not say.
    """
    exif = exif.removeprefix(b"Exif\0\0")
    order = _BYTE_ORDERS.get(exif[:4])
    if order is None or len(exif) < 8:
        return 1
    (start,) = struct.unpack_from(f"{order}I", exif, 4)
    if start + 2 > len(exif):
        return 1
    (count,) = struct.unpack_from(f"{order}H", exif, start)
    entries = exif[start + 2 : start + 2 + count * _ENTRY_BYTES]
    entries = entries[: len(entries) // _ENTRY_BYTES * _ENTRY_BYTES]
    found = 1
    for tag, kind, _, short in struct.iter_unpack(f"{order}HHIHxx", entries):
        if tag == _TAG and kind == 3:
            found = short
    return _checked(found)


def xmp_orientation(xmp: bytes) -> int:
    """The orientation in XMP data, which stands in for that of EXIF.

    Args:
        xmp: bytes, XML.

    Returns:
        int in `[1, 8]`; `1` where it does not say.
    """
    match = _XMP.search(xmp)
    return _checked(int(match[1])) if match else 1


def turn_upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Pixels as a viewer shows them.

    Args:
        pixels: `[height, width, 3]`.
        orientation: int in `[1, 8]`.

    Returns:
        Array of the same pixels; with height and width exchanged from `5` on.
    """
    if orientation == 1:
        return pixels
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    rows_down = orientation in (1, 2, 5, 6)
    columns_right = orientation in (1, 4, 5, 8)
    return np.ascontiguousarray(
        pixels[:: 1 if rows_down else -1, :: 1 if columns_right else -1]
    )


def _checked(value: int) -> int:
    return value if 1 <= value <= 8 else 1
