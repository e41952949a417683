import io
import struct

import numpy as np
import pytest
from image_bombs import encoded, picture, webp_of
from PIL import Image, features

from keras_sphereface.contract.image_header import RefusedImageError
from keras_sphereface.contract.webp_chunks import (
    read_webp_header,
    webp_without_metadata,
)

pytestmark = pytest.mark.skipif(
    not features.check("webp"), reason="this Pillow has no WebP"
)
LOSSY, LOSSLESS = (
    encoded("WEBP", picture(20, 30), lossless=lossless)
    for lossless in (False, True)
)


@pytest.mark.parametrize("lossless", [False, True])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_what_is_left_has_the_same_pixels_and_no_metadata(mode, lossless):
    exif = Image.Exif()
    exif[0x0112] = 6
    image = picture(20, 30).convert(mode)
    if mode == "RGBA":
        image.putalpha(Image.linear_gradient("L").resize((30, 20)))
    data = encoded(
        "WEBP", image, lossless=lossless, exact=True, exif=exif, xmp=b"<x/>"
    )
    header = read_webp_header(data)
    assert (header.kind, header.height, header.width) == ("WEBP", 20, 30)
    assert header.orientation == 6
    assert header.pixel_bytes == (8 if lossless else 4)
    bare = webp_without_metadata(data)
    images = [Image.open(io.BytesIO(one)) for one in (data, bare)]
    assert not {"exif", "xmp"} & set(images[1].info)
    np.testing.assert_array_equal(
        *(np.asarray(i.convert("RGB")) for i in images)
    )


def test_xmp_says_the_orientation_where_exif_does_not():
    xmp = b'<x tiff:Orientation="3"/>'
    data = encoded("WEBP", picture(20, 30), xmp=xmp)
    assert read_webp_header(data).orientation == 3


WRONG = {
    "animation": (
        encoded("WEBP", save_all=True, append_images=[picture().rotate(9)]),
        "several pictures",
    ),
    "cut short": (LOSSY[:-10], "truncated"),
    "two sizes": (webp_of(b"VP8 ", LOSSY[20:], canvas=(31, 20)), "two sizes"),
    "no frame": (webp_of(b"ICCP", b"x" * 40), "no pixels"),
    "no start code": (webp_of(b"VP8 ", bytes(40)), "have no size"),
    "no signature": (webp_of(b"VP8L", bytes(40)), "have no size"),
    "no width": (
        webp_of(b"VP8 ", LOSSY[20:26] + bytes(4) + LOSSY[30:]),
        "it has no size",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_read_is_said(name):
    data, message = WRONG[name]
    with pytest.raises(RefusedImageError, match=message):
        read_webp_header(data)


def test_a_chunk_that_reaches_past_the_end_is_damage():
    data = bytearray(LOSSY)
    data[16:20] = struct.pack("<I", len(LOSSY))
    with pytest.raises(RefusedImageError, match="cut short"):
        read_webp_header(bytes(data))
    many = b"RIFF" + struct.pack("<I", 40_004) + b"WEBP"
    many += struct.pack("<4sI", b"XYZ ", 0) * 5000
    with pytest.raises(RefusedImageError, match="more than 4096 chunks"):
        read_webp_header(many)


def test_lossless_sizes_are_read_from_their_bits():
    assert read_webp_header(LOSSLESS)[1:3] == (20, 30)
