"""Small files that would cost a careless reader a lot, for tests."""

import functools
import io
import struct
import zlib

import numpy as np
from PIL import Image

SIDE = 13_000
_NOISE = np.random.default_rng(0).integers(0, 256, (28, 28, 3), np.uint8)


def picture(height=112, width=112):
    image = Image.fromarray(_NOISE)
    return image.resize((width, height), Image.Resampling.BICUBIC)


def encoded(kind, image=None, **options):
    file = io.BytesIO()
    (image or picture()).save(file, kind, **options)
    return file.getvalue()


def chunk(name, content):
    """A chunk of a PNG file."""
    head = struct.pack(">I", len(content)) + name + content
    return head + struct.pack(">I", zlib.crc32(name + content))


def with_chunks(png, *chunks):
    """A PNG file with more chunks behind its header."""
    return png[:33] + b"".join(chunks) + png[33:]


def png_of(height, width, pixels=b"", *, color=2):
    header = struct.pack(">IIBBBBB", width, height, 8, color, 0, 0, 0)
    parts = chunk(b"IHDR", header), chunk(b"IDAT", pixels), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def with_segments(jpeg, *segments):
    """A JPEG file with more segments before those it has."""
    added = [
        struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content
        for marker, content in segments
    ]
    return jpeg[:2] + b"".join(added) + jpeg[2:]


def resized(jpeg, height, width):
    """A JPEG file that says it has another size."""
    place = min(
        place
        for place in (jpeg.find(b"\xff\xc0"), jpeg.find(b"\xff\xc2"))
        if place >= 0
    )
    size = struct.pack(">HH", height, width)
    return jpeg[: place + 5] + size + jpeg[place + 9 :]


def exif_of(num_tags, size, start=None):
    """EXIF data of which each tag claims the same bytes."""
    place = 10 + 12 * num_tags
    tags = b"".join(
        struct.pack("<HHII", 0x8000 + tag % 0x4000, 7, size, place)
        for tag in range(num_tags)
    )
    head = struct.pack("<4sIH", b"II*\0", 8, num_tags)
    return (head + tags + bytes(size))[:900_000]


def webp_of(name, frame, canvas=None):
    """A WebP file with one frame, and a canvas of its own size."""
    parts = b""
    if canvas is not None:
        width, height = ((s - 1).to_bytes(3, "little") for s in canvas)
        parts = struct.pack("<4sI", b"VP8X", 10) + bytes(4) + width + height
    frame += bytes(len(frame) % 2)
    parts += struct.pack("<4sI", name, len(frame)) + frame
    return struct.pack("<4sI4s", b"RIFF", 4 + len(parts), b"WEBP") + parts


def bmp_of(height, width, pixels, *, bits=24, packing=0):
    offset = 54 + (1024 if bits == 8 else 0)
    info = (40, width, height, 1, bits, packing, len(pixels), 0, 0, 0, 0)
    head = struct.pack("<2sIII", b"BM", offset + len(pixels), 0, offset)
    palette = bytes(offset - 54)
    return head + struct.pack("<IiiHHIIiiII", *info) + palette + pixels


def many_scans(count):
    """A progressive JPEG whose last scan is there many times."""
    jpeg = resized(encoded("JPEG", progressive=True), 2000, 2000)
    last = jpeg.rindex(b"\xff\xda")
    return jpeg[:-2] + jpeg[last:-2] * count + jpeg[-2:]


@functools.cache
def refused():
    """Images that are to be refused, by what is wrong with them."""
    jpeg, png = encoded("JPEG"), encoded("PNG")
    lossless = b"\x2f" + (16_382 | 16_382 << 14).to_bytes(4, "little")
    vp8 = encoded("WEBP")
    frame = vp8[20:]
    # Of a quarter of the pixels that are free, so that the decoder is asked.
    deflated = zlib.compress(bytes(3 * 3500 * 3500 // 2), 9)
    scale = struct.pack("<HH", 3500, 3500)
    return {
        "png of 13,000": png_of(
            SIDE, SIDE, zlib.compress(bytes(SIDE * (1 + SIDE))), color=0
        ),
        "png cut short": png_of(3500, 3500, deflated),
        "interlaced png cut short": _interlaced(
            png_of(3500, 3500, deflated), 3500
        ),
        "jpeg of 13,000": resized(jpeg, SIDE, SIDE),
        "jpeg with junk": b"\xff\xd8\xff\xfe\0\2??"
        + resized(jpeg, SIDE, SIDE)[2:],
        "jpeg cut short": resized(jpeg, 3500, 3500)[:-2],
        "progressive jpeg cut short": resized(
            encoded("JPEG", progressive=True, subsampling=0), 2200, 2200
        )[:-2],
        "jpeg of many scans": many_scans(1000),
        "jpeg of many segments": with_segments(
            jpeg, *[(0xE1, b"Exif\0\0x")] * 80_000
        ),
        "jpeg of fill bytes": jpeg[:2] + b"\xff" * 900_000,
        "jpeg of zeros": jpeg[:2] + b"\xff\0" * 450_000,
        "png of 80,000 chunks": with_chunks(
            png, *[chunk(b"teXt", b"")] * 80_000
        )[:-12],
        "webp of two sizes": webp_of(b"VP8 ", frame, canvas=(16_384, 16_384)),
        "lossless webp of 16,383": webp_of(b"VP8L", lossless + bytes(99)),
        "webp of 16,383": webp_of(
            b"VP8 ", frame[:6] + struct.pack("<HH", 16_383, 16_383) + frame[10:]
        ),
        "webp cut short": webp_of(b"VP8 ", frame[:6] + scale + frame[10:]),
        "webp of many chunks": b"RIFF"
        + struct.pack("<I", 800_004)
        + b"WEBP"
        + struct.pack("<4sI", b"EXIF", 0) * 100_000,
        "bmp in runs": bmp_of(
            3000, 3000, b"\0\2\xff\xff" * 200_000, bits=8, packing=1
        ),
        "bmp of 13,000": bmp_of(SIDE, SIDE, bytes(1000)),
        "ppm of 999,999": b"P6 999999 999999 255\n" + bytes(1000),
        "ppm of one comment": b"P6 #" + b"x" * 900_000,
        "ppm of comments": b"P6 " + b"#\n" * 450_000,
        "gif": encoded("GIF"),
        "tiff": encoded("TIFF"),
        "icon": encoded("ICO"),
        "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n",
        "binary postscript": b"\xc5\xd0\xd3\xc6" + bytes(99),
        "pdf": b"%PDF-1.4\n",
        "zip": b"PK\3\4" + bytes(99),
        "text": b"this is a text",
        "pgm as text": b"P2 2 1 255 7 9\n",
        "deep pgm": b"P5 2 1 65535\n" + bytes(4),
        "bitmap of one bit": b"P4 8 1\n\0",
        "animation": encoded(
            "WEBP", save_all=True, append_images=[picture().rotate(9)]
        ),
    }


@functools.cache
def read():
    """Images of 112x112 that are read, whatever stands beside their pixels."""
    jpeg, png, webp = encoded("JPEG"), encoded("PNG"), encoded("WEBP")
    profile = b"x\0\0" + zlib.compress(bytes(900_000), 9)
    text = b"Raw profile type exif\0\0" + zlib.compress(bytes(2**23), 9)
    exif = exif_of(16_000, 700_000)
    extended = bytes([8, 0, 0, 0]) + (111).to_bytes(3, "little") * 2
    parts = struct.pack("<4sI", b"VP8X", 10) + extended + webp[12:]
    parts += struct.pack("<4sI", b"EXIF", len(exif)) + exif
    return {
        "jpeg of EXIF": with_segments(
            jpeg,
            *[
                (0xE1, b"Exif\0\0" + exif[at : at + 65_000])
                for at in range(0, len(exif), 65_000)
            ],
        ),
        "jpeg of profiles": with_segments(
            jpeg, *[(0xE2, b"ICC_PROFILE\0\1\1" + bytes(60_000))] * 14
        ),
        "png of EXIF": with_chunks(png, chunk(b"eXIf", exif)),
        "png of profiles": with_chunks(png, *[chunk(b"iCCP", profile)] * 700),
        "png of texts": with_chunks(png, *[chunk(b"zTXt", text)] * 90),
        "png of empty chunks": png[: png.index(b"IDAT") - 4]
        + chunk(b"IDAT", b"") * 25_000
        + png[png.index(b"IDAT") - 4 :],
        "webp of EXIF": struct.pack("<4sI4s", b"RIFF", 4 + len(parts), b"WEBP")
        + parts,
    }


def _interlaced(png, side):
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 1)
    return png[:8] + chunk(b"IHDR", header) + png[33:]
