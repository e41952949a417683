import io
import struct

import numpy as np
import pytest
from image_bombs import encoded, picture, resized, with_segments
from PIL import Image

from keras_sphereface.contract.image_header import (
    DamagedImageError,
    RefusedImageError,
)
from keras_sphereface.contract.jpeg_segments import (
    jpeg_without_metadata,
    read_jpeg_header,
    segments,
)

JPEG = encoded("JPEG", picture(20, 30), quality=90)


@pytest.mark.parametrize(
    ("options", "mode", "pixel_bytes", "passes"),
    [
        ({}, "RGB", 4, 1),
        ({"subsampling": 2}, "RGB", 4, 1),
        # Coefficients of 16 bits of one and two quarters of the pixels, and
        # of three wholes.
        ({"progressive": True, "subsampling": 2}, "RGB", 7, None),
        ({"progressive": True, "subsampling": 0}, "RGB", 10, None),
        ({}, "L", 4, 1),
        ({}, "CMYK", 4, 1),
    ],
)
def test_a_header_says_size_and_cost(options, mode, pixel_bytes, passes):
    data = encoded("JPEG", picture(20, 30).convert(mode), **options)
    header = read_jpeg_header(data)
    assert (header.height, header.width) == (20, 30)
    assert header.pixel_bytes == pixel_bytes
    assert header.passes == (passes or data.count(b"\xff\xda"))
    assert header.orientation == 1


def test_junk_before_a_segment_is_passed_over_as_decoders_do():
    place = JPEG.index(b"\xff\xc0")
    junk = JPEG[:place] + b"??\xff\xff\xff\0\xff\xff" + JPEG[place:]
    assert read_jpeg_header(junk) == read_jpeg_header(JPEG)
    expected = np.asarray(Image.open(io.BytesIO(JPEG)))
    found = np.asarray(Image.open(io.BytesIO(jpeg_without_metadata(junk))))
    np.testing.assert_array_equal(found, expected)


def test_what_is_left_has_the_same_pixels_and_no_metadata():
    exif = Image.Exif()
    exif[0x0112] = 6
    options = {"exif": exif, "comment": b"a comment", "icc_profile": b"x" * 200}
    for mode in ("RGB", "L", "CMYK"):
        data = encoded("JPEG", picture(20, 30).convert(mode), **options)
        bare = jpeg_without_metadata(data)
        assert len(bare) < len(data) - 200
        assert read_jpeg_header(data).orientation == 6
        images = [Image.open(io.BytesIO(one)) for one in (data, bare)]
        assert set(images[1].info) <= {
            "jfif",
            "jfif_version",
            "jfif_unit",
            "jfif_density",
            "dpi",
            "adobe",
            "adobe_transform",
        }
        np.testing.assert_array_equal(*map(np.asarray, images))


def test_xmp_says_the_orientation_where_exif_does_not():
    xmp = b'http://ns.adobe.com/xap/1.0/\0<x tiff:Orientation="3"/>'
    assert read_jpeg_header(with_segments(JPEG, (0xE1, xmp))).orientation == 3


def frame(payload, marker=0xC0):
    head = struct.pack(">BBH", 0xFF, marker, len(payload) + 2)
    return b"\xff\xd8" + head + payload + b"\xff\xda\0\2\xff\xd9"


COMPONENT = b"\1\x11\0"
WRONG = {
    "lossless": (frame(b"\x08\0\1\0\1\1" + COMPONENT, 0xC3), "rare kind"),
    "12 bits": (frame(b"\x0c\0\1\0\1\1" + COMPONENT), "12 bits per channel"),
    "no height": (frame(b"\x08\0\0\0\1\1" + COMPONENT), "no size"),
    "two channels": (frame(b"\x08\0\1\0\1\2" + COMPONENT * 2), "2 color"),
    "no samples": (frame(b"\x08\0\1\0\1\1\1\0\0"), "1 color"),
    "short frame": (frame(b"\x08\0\1"), "size cannot be read"),
    "no frame": (b"\xff\xd8\xff\xda\0\2\xff\xd9", "it has no size"),
    "no end": (JPEG[:-2], "no end marker"),
    "start": (JPEG[:20], "no pixels"),
    "end at once": (b"\xff\xd8\xff\xd9", "no pixels"),
    "a length of one": (b"\xff\xd8\xff\xe0\0\1" + JPEG, "no pixels"),
    "two frames": (
        JPEG[: JPEG.index(b"\xff\xc0")]
        + frame(b"\x08\0\1\0\1\1" + COMPONENT)[2:-6]
        + JPEG[JPEG.index(b"\xff\xc0") :],
        "two headers",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_read_is_said(name):
    data, message = WRONG[name]
    with pytest.raises(RefusedImageError, match=message):
        read_jpeg_header(data)


def test_segments_end_somewhere():
    many = with_segments(JPEG, *[(0xFE, b"")] * 5000)
    with pytest.raises(RefusedImageError, match="more than 4096 segments"):
        list(segments(many))
    with pytest.raises(DamagedImageError, match="no pixels"):
        list(segments(b"\xff\xd8" + b"\xff" * 1000))


def test_a_size_that_was_changed_is_the_one_that_is_read():
    header = read_jpeg_header(resized(JPEG, 13_000, 12_000))
    assert (header.height, header.width) == (13_000, 12_000)
