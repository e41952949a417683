"""Which images are read: one policy for every reader of the package.

JPEG, PNG, WebP, BMP, PGM and PPM, told by the content of a file and not by its
name. Their headers are read here, in Python, and compared with what decoding
may cost before a decoder sees them.
"""

import os
from collections.abc import Callable
from typing import NamedTuple

from keras_sphereface.contract.bitmap_files import (
    BMP_HEADERS,
    read_bmp_header,
    read_ppm_header,
)
from keras_sphereface.contract.image_header import (
    DamagedImageError,
    ImageHeader,
    RefusedImageError,
)
from keras_sphereface.contract.jpeg_segments import read_jpeg_header
from keras_sphereface.contract.png_chunks import read_png_header
from keras_sphereface.contract.webp_chunks import read_webp_header

READ_KINDS = "JPEG, PNG, WebP, BMP, PGM or PPM"
# A file of such a name is opened as an image, and is an error if it is none;
# one of another name is an image if its first bytes say so.
IMAGE_SUFFIXES = (
    ".jpg",
    ".jpeg",
    ".jpe",
    ".jfif",
    ".png",
    ".webp",
    ".bmp",
    ".dib",
    ".pgm",
    ".ppm",
    ".pnm",
)
HEAD_BYTES = 18
MAX_PIXELS = 2**30 // 12  # past it Pillow warns of a bomb
MAX_FILE_BYTES = 2**29
_PART_BYTES = 2**16  # more than most faces have
# What a decoder may take before it can notice damage, whatever the size of the
# file, and per byte of it: 60 MiB and a few tenths of a second for a megabyte.
_FREE_BYTES, _BYTES_PER_BYTE = 48 * 2**20, 60
_FREE_WORK, _WORK_PER_BYTE = 2**27, 256

_ReadHeader = Callable[[bytes], ImageHeader]


class _Kind(NamedTuple):
    starts: tuple[bytes, ...]
    read_header: _ReadHeader


# By Pillow's names, which readers pass on to it.
KINDS = {
    "JPEG": _Kind((b"\xff\xd8\xff",), read_jpeg_header),
    "PNG": _Kind((b"\x89PNG\r\n\x1a\n",), read_png_header),
    "WEBP": _Kind((b"RIFF",), read_webp_header),
    "BMP": _Kind((b"BM",), read_bmp_header),
    "PPM": _Kind((b"P5", b"P6"), read_ppm_header),
}
# Others, to say what was found instead. The place, what stands there, the name.
_OTHERS = (
    (0, b"GIF8", "GIF"),
    (0, b"II*\0", "TIFF"),
    (0, b"MM\0*", "TIFF"),
    (4, b"ftyphei", "HEIF"),
    (4, b"ftypmif", "HEIF"),
    (4, b"ftypavi", "AVIF"),
    (4, b"jP  ", "JPEG 2000"),
    (0, b"\xff\x0a", "JPEG XL"),
    (4, b"JXL ", "JPEG XL"),
    (0, b"%!PS", "PostScript"),
    (0, b"\xc5\xd0\xd3\xc6", "PostScript"),
    (0, b"%PDF", "PDF"),
    (0, b"8BPS", "Photoshop"),
    (0, b"\0\0\1\0", "icon"),
    (0, b"P2", "PGM as text"),
    (0, b"P3", "PPM as text"),
    (0, b"PK\3\4", "ZIP"),
    (0, b"<svg", "SVG"),
)


def kind_of(head: bytes) -> str | None:
    """Which kind of image a file is.

    Args:
        head: bytes, at least the first `HEAD_BYTES` of the file, or all.

    Returns:
        One of `KINDS`, or `None`.
    """
    for kind, (starts, _) in KINDS.items():
        if head.startswith(starts):
            if kind == "WEBP" and head[8:12] != b"WEBP":
                return None
            # Words of two letters begin texts as well.
            if kind == "PPM" and not head[2:3].isspace():
                return None
            size = int.from_bytes(head[14:18], "little")
            if kind == "BMP" and size not in BMP_HEADERS:
                return None
            return kind
    return None


def why_no_image(head: bytes) -> str:
    """What a file is that `kind_of` does not know.

    Args:
        head: bytes, as in `kind_of`.

    Returns:
        str, a few words.
    """
    if not head:
        return "empty file"
    for place, mark, name in _OTHERS:
        if head.startswith(mark, place):
            return f"{name}, not {READ_KINDS}"
    return f"not an image: neither {READ_KINDS}"


def read_header(data: bytes) -> ImageHeader:
    """What an image says about itself, checked before anything is decoded.

    Args:
        data: bytes of the file.

    Returns:
        `ImageHeader` of an image that may be decoded: it is of one of the
        kinds, whole as far as its structure tells, and neither so large nor of
        so many scans that decoding it could hurt.

    Raises:
        RefusedImageError: it is not, and why.
    """
    kind = kind_of(data[:HEAD_BYTES])
    if kind is None:
        raise DamagedImageError(why_no_image(data[:HEAD_BYTES]))
    header = KINDS[kind].read_header(data)
    pixels = header.height * header.width
    memory, work = pixels * header.pixel_bytes, pixels * header.passes
    size = f"{header.height}x{header.width} pixels"
    if pixels > MAX_PIXELS:
        raise RefusedImageError(f"{size} is too large")
    if memory > max(_FREE_BYTES, _BYTES_PER_BYTE * len(data)):
        raise RefusedImageError(f"{size} is too large for {len(data)} bytes")
    if work > max(_FREE_WORK, _WORK_PER_BYTE * len(data)):
        raise RefusedImageError(
            f"{size} in {header.passes} scans is too much for {len(data)} bytes"
        )
    return header


def read_image_file(path: str | os.PathLike) -> bytes:
    """The bytes of an image file.

    Args:
        path: path of the file.

    Returns:
        bytes.

    Raises:
        RefusedImageError: it is larger than any image.
        OSError: it is missing or cannot be opened.
    """
    parts, size = [], 0
    with open(path, "rb") as file:
        # Python sets aside at once what a single read may return at most.
        while part := file.read(_PART_BYTES):
            parts.append(part)
            size += len(part)
            if size > MAX_FILE_BYTES:
                raise RefusedImageError(f"more than {MAX_FILE_BYTES} bytes")
    return b"".join(parts)


def why_left_out(path: str | os.PathLike) -> str:
    """Why a file of a folder of images is not one of them.

    Args:
        path: path of the file. It is not opened if it has the name of an image,
            since it will be read later.

    Returns:
        str, `""` for an image.
    """
    if has_image_name(path):
        return ""
    try:
        with open(path, "rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        return error.strerror or str(error)
    return "" if kind_of(head) else why_no_image(head)


def has_image_name(path: str | os.PathLike) -> bool:
    """Whether a file has the name of an image.

    Args:
        path: path or name of the file.

    Returns:
        bool.
    """
    return os.fspath(path).lower().endswith(IMAGE_SUFFIXES)
