import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageOps

from keras_sphereface.contract.exif_orientation import (
    exif_orientation,
    turn_upright,
    xmp_orientation,
)


def exif_of(*entries, order="<"):
    mark = b"II*\0" if order == "<" else b"MM\0*"
    tags = b"".join(struct.pack(f"{order}HHIHxx", *entry) for entry in entries)
    head = struct.pack(f"{order}IH", 8, len(entries))
    return mark + head + tags + bytes(4)


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_tag_is_found_among_others(order):
    entries = [(0x010F, 3, 1, 7), (0x0112, 3, 1, 6), (0x0128, 3, 1, 2)]
    exif = exif_of(*entries, order=order)
    assert exif_orientation(exif) == exif_orientation(b"Exif\0\0" + exif) == 6


@pytest.mark.parametrize(
    "exif",
    [
        b"",
        b"Exif\0\0",
        b"II*\0",
        b"II*\0\xff\xff\xff\xff",
        b"XX*\0" + bytes(40),
        exif_of((0x0112, 3, 1, 9)),
        exif_of((0x0112, 3, 1, 0)),
        exif_of((0x0112, 2, 1, 6)),
        exif_of((0x0112, 3, 1, 6))[:20],
        exif_of((0x0110, 3, 1, 6)),
    ],
)
def test_what_says_nothing_is_upright(exif):
    assert exif_orientation(exif) == 1


def test_pillow_finds_the_same_in_what_it_writes():
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x010E] = "a picture of nobody"
        exif[0x0112] = orientation
        assert exif_orientation(exif.tobytes()) == orientation


def test_xmp_may_say_it_too():
    assert xmp_orientation(b'<x tiff:Orientation="8"/>') == 8
    assert xmp_orientation(b"<tiff:Orientation>3</tiff:Orientation>") == 3
    for text in (b"", b"tiff:Orientation", b'tiff:Orientation="9"'):
        assert xmp_orientation(text) == 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pixels_are_turned_as_pillow_turns_them(orientation):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (5, 7, 3), np.uint8)
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", exif=exif)
    upright = ImageOps.exif_transpose(Image.open(file))
    turned = turn_upright(pixels, orientation)
    np.testing.assert_array_equal(turned, np.asarray(upright))
    assert turned.flags.c_contiguous
