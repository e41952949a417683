import io
import struct
import zlib

import numpy as np
import pytest
from image_bombs import chunk, encoded, picture, png_of, with_chunks
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from keras_sphereface.contract.image_header import RefusedImageError
from keras_sphereface.contract.png_chunks import (
    png_without_metadata,
    read_png_header,
)

PNG = encoded("PNG", picture(20, 30))
MODES = ("RGB", "L", "P", "1", "LA", "RGBA")


@pytest.mark.parametrize("mode", MODES)
def test_what_is_left_has_the_same_pixels_and_no_metadata(mode):
    info = PngInfo()
    info.add_text("title", "a picture of nobody", zip=True)
    info.add_itxt("title", "ünicode")
    image = picture(20, 30).convert(mode)
    data = encoded("PNG", image, pnginfo=info, icc_profile=b"x" * 200)
    header = read_png_header(data)
    assert (header.kind, header.height, header.width) == ("PNG", 20, 30)
    bare = png_without_metadata(data)
    images = [Image.open(io.BytesIO(one)) for one in (data, bare)]
    assert images[1].info == {}
    np.testing.assert_array_equal(
        *(np.asarray(i.convert("RGB")) for i in images)
    )


def raw_profile(exif):
    digits = exif.hex()
    return f"\nexif\n{len(exif):8}\n{digits[:40]}\n{digits[40:]}\n".encode()


def test_the_orientation_may_stand_in_four_places():
    exif = Image.Exif()
    exif[0x0112] = 8
    profile = raw_profile(exif.tobytes())
    xmp = b'<x tiff:Orientation="8"/>'
    key = b"XML:com.adobe.xmp\0"
    name = b"Raw profile type exif\0"
    for content in (
        chunk(b"eXIf", exif.tobytes()[6:]),
        chunk(b"tEXt", name + profile),
        chunk(b"zTXt", name + b"\0" + zlib.compress(profile)),
        chunk(b"iTXt", key + b"\0\0\0\0" + xmp),
        chunk(b"iTXt", key + b"\1\0\0\0" + zlib.compress(xmp)),
    ):
        data = with_chunks(PNG, content)
        assert read_png_header(data).orientation == 8, content[:40]
        assert Image.open(io.BytesIO(data)).getexif()[0x0112] == 8


@pytest.mark.parametrize(
    "content",
    [
        chunk(b"tEXt", b"Raw profile type exif\0\nexif\n1\nno hex\n"),
        chunk(b"zTXt", b"Raw profile type exif\0\0no zlib"),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\1"),
        chunk(b"iTXt", b"XML:com.adobe.xmp"),
        chunk(b"eXIf", b""),
    ],
)
def test_damaged_metadata_do_not_matter(content):
    assert read_png_header(with_chunks(PNG, content)).orientation == 1


def header_of(width=2, height=2, bits=8, color=2):
    fields = struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, 0)
    return PNG[:8] + chunk(b"IHDR", fields) + PNG[33:]


WRONG = {
    "16 bits": (header_of(bits=16), "16 bits per channel"),
    "3 bits": (header_of(bits=3), "none of a PNG"),
    "color 5": (header_of(color=5), "none of a PNG"),
    "no width": (header_of(width=0), "none of a PNG"),
    "no header": (PNG[:8] + PNG[33:], "no size"),
    "two headers": (PNG[:33] + PNG[8:], "two headers"),
    "no pixels": (PNG[:33] + chunk(b"IEND", b""), "no pixels"),
    "no end": (PNG[:-12], "no end"),
    "start": (PNG[:20], "no end"),
    "a changed byte": (PNG[:60] + b"?" + PNG[61:], "checksum"),
    "many chunks": (
        with_chunks(PNG, *[chunk(b"teXt", b"")] * 30_001),
        "more than 30000",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_read_is_said(name):
    data, message = WRONG[name]
    with pytest.raises(RefusedImageError, match=message):
        read_png_header(data)


def test_pixels_in_many_chunks_become_one():
    start = PNG.index(b"IDAT") - 4
    length = int.from_bytes(PNG[start : start + 4], "big")
    pixels = PNG[start + 8 : start + 8 + length]
    parts = [chunk(b"IDAT", pixels[at : at + 7]) for at in range(0, length, 7)]
    cut = PNG[:start] + b"".join(parts) + chunk(b"IEND", b"")
    assert png_without_metadata(cut) == png_without_metadata(PNG)


def test_a_bomb_says_its_size():
    header = read_png_header(png_of(13_000, 12_000))
    assert (header.height, header.width) == (13_000, 12_000)
