"""The chunks of a PNG file."""

import re
import struct
import zlib
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

START = b"\x89PNG\r\n\x1a\n"
_MAX_CHUNKS = 30_000
_MAX_TEXT = 2**20
_HEADER = struct.Struct(">IIBBBBB")
_EXIF_AS_TEXT = b"Raw profile type exif"
_XMP = b"XML:com.adobe.xmp"
_SPEAKING = (b"eXIf", b"tEXt", b"zTXt", b"iTXt")
_HEX = re.compile(rb"(?:[0-9a-fA-F]{2})*")
_DEPTHS = {
    0: (1, 2, 4, 8, 16),
    2: (8, 16),
    3: (1, 2, 4, 8),
    4: (8, 16),
    6: (8, 16),
}


def chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """All chunks, with their checksums compared.

    Args:
        data: bytes of the file.

    Yields:
        `(name, start, end)` of the content of each chunk but the last, `IEND`.

    Raises:
        DamagedImageError: one is cut short or is not as it was written.
    """
    position, view = len(START), memoryview(data)
    for _ in range(_MAX_CHUNKS):
        head = data[position : position + 8]
        length, name = int.from_bytes(head[:4], "big"), head[4:]
        if name == b"IEND":
            return
        start, end = position + 8, position + 8 + length
        checksum = data[end : end + 4]
        if len(checksum) < 4:
            raise DamagedImageError("truncated: it has no end")
        if zlib.crc32(view[position + 4 : end]) != int.from_bytes(
            checksum, "big"
        ):
            raise DamagedImageError("broken: a checksum does not fit")
        yield name, start, end
        position = end + 4
    raise RefusedImageError(f"more than {_MAX_CHUNKS} chunks")


def read_png_header(data: bytes) -> ImageHeader:
    """What a PNG file says about itself.

    Args:
        data: bytes of the file.

    Returns:
        `ImageHeader`.

    Raises:
        RefusedImageError: it cannot be read, and why.
    """
    size, has_pixels = None, False
    metadata: dict[bytes, bytes] = {}
    for name, start, end in chunks(data):
        if size is None:
            if name != b"IHDR" or end - start != _HEADER.size:
                raise DamagedImageError("broken: it has no size")
            size = _read_size(data[start:end])
        elif name == b"IDAT":
            has_pixels = True
        elif name == b"IHDR":
            raise DamagedImageError("broken: two headers")
        elif name in _SPEAKING:
            # The first of each counts, or many would be inflated.
            key = name
            if name != b"eXIf":
                key += data[start : start + 80].split(b"\0")[0]
            metadata.setdefault(key, data[start:end])
    if size is None or not has_pixels:
        raise DamagedImageError("truncated: it has no pixels")
    return ImageHeader("PNG", *size, orientation=_orientation_of(metadata))


def png_without_metadata(data: bytes) -> bytes:
    """A PNG file of the same pixels and nothing else.

    Args:
        data: bytes of a file that `read_png_header` has read.

    Returns:
        bytes. Its pixels are one chunk; transparency is left out.
    """
    found: dict[bytes, list[bytes]] = {b"IHDR": [], b"PLTE": [], b"IDAT": []}
    for name, start, end in chunks(data):
        if name in found:
            found[name].append(data[start:end])
    parts = [START]
    for name, contents in [*found.items(), (b"IEND", [])]:
        content = b"".join(contents)
        if contents or name == b"IEND":
            checksum = zlib.crc32(content, zlib.crc32(name))
            parts.append(struct.pack(">I4s", len(content), name))
            parts.append(content)
            parts.append(struct.pack(">I", checksum))
    return b"".join(parts)


def _read_size(header: bytes) -> tuple[int, int]:
    width, height, bits, color, _, _, _ = _HEADER.unpack(header)
    if not height or not width or bits not in _DEPTHS.get(color, ()):
        raise DamagedImageError("broken: its header is none of a PNG")
    if bits == 16:
        raise RefusedImageError("16 bits per channel")
    return height, width


def _orientation_of(metadata: dict[bytes, bytes]) -> int:
    """What EXIF data say, or in their absence texts that stand for them."""
    turned = exif_orientation(metadata.get(b"eXIf", b""))
    text = metadata.get(b"tEXt" + _EXIF_AS_TEXT, b"").partition(b"\0")[2]
    packed = metadata.get(b"zTXt" + _EXIF_AS_TEXT, b"").partition(b"\0")[2]
    if packed and not text:
        text = _inflate(packed[1:])
    if turned == 1 and text:
        # A name and the number of bytes, a line each; then the bytes in hex.
        digits = b"".join(text.split(b"\n")[3:])
        if _HEX.fullmatch(digits):
            turned = exif_orientation(bytes.fromhex(digits.decode()))
    xmp = metadata.get(b"iTXt" + _XMP, b"").partition(b"\0")[2]
    if turned == 1 and xmp:
        content = xmp[2:].split(b"\0", 2)[-1]
        is_packed = xmp[:1] == b"\1"
        turned = xmp_orientation(_inflate(content) if is_packed else content)
    return turned


def _inflate(content: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(content, _MAX_TEXT)
    except zlib.error:
        return b""
