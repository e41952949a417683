import io

import numpy as np
import pytest
from image_bombs import bmp_of, encoded, picture
from PIL import Image

from keras_sphereface.contract import read_image
from keras_sphereface.contract.bitmap_files import (
    decode_ppm,
    read_bmp_header,
    read_ppm_header,
)
from keras_sphereface.contract.image_header import RefusedImageError

PIXELS = np.random.default_rng(0).integers(0, 256, (4, 3, 3), np.uint8)


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "1", "RGBA"])
def test_bmp_has_the_pixels_that_were_written(mode):
    image = picture(20, 30).convert(mode)
    data = encoded("BMP", image)
    header = read_bmp_header(data)
    assert (header.kind, header.height, header.width) == ("BMP", 20, 30)
    assert (header.training_fault == "") == (mode in ("RGB", "L", "RGBA"))
    expected = np.asarray(image.convert("RGB"))
    np.testing.assert_array_equal(read_image(data), expected)


def test_bmp_may_begin_at_the_top():
    rows = [row[:, ::-1].tobytes() + bytes(3) for row in PIXELS]
    data = bmp_of(-4, 3, b"".join(rows))
    np.testing.assert_array_equal(read_image(data), PIXELS)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (bmp_of(4, 3, bytes(40)), "fewer pixels"),
        (bmp_of(4, 3, bytes(90), bits=8, packing=1), "compressed pixels"),
        (bmp_of(4, 3, bytes(90), bits=7), "none of a BMP"),
        (bmp_of(0, 3, bytes(90)), "none of a BMP"),
        (bmp_of(4, -3, bytes(90)), "none of a BMP"),
        (bmp_of(4, 3, bytes(90))[:50], "no pixels"),
    ],
)
def test_what_is_no_bmp_is_said(data, message):
    with pytest.raises(RefusedImageError, match=message):
        read_bmp_header(data)


@pytest.mark.parametrize(
    "head",
    [
        b"P6\n3 4\n255\n",
        b"P6 3 4 255 ",
        b"P6\n# made by GIMP\n3 4\n255\n",
        b"P6\r\n3\r\n4\r\n255\n",
        b"P6 # one\n# two\n3 # three\n4\n#four\n255\n",
    ],
)
def test_ppm_is_read_with_any_header(head):
    data = head + PIXELS.tobytes()
    np.testing.assert_array_equal(decode_ppm(data), PIXELS)
    pillow = np.asarray(Image.open(io.BytesIO(data)))
    np.testing.assert_array_equal(pillow, PIXELS)


@pytest.mark.parametrize("most", [1, 7, 100, 255])
def test_pgm_is_gray_and_scaled_as_pillow_scales(most):
    gray = np.minimum(PIXELS[..., 0], most)
    data = b"P5 3 4 %d\n" % most + gray.tobytes()
    pillow = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    np.testing.assert_array_equal(decode_ppm(data), pillow)
    assert decode_ppm(data).flags.writeable


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"P6\n3 4\n255\n" + bytes(36), False),
        (b"P6\n# made by GIMP\n3 4\n255\n" + bytes(36), False),
        (b"P6\n3 4\n255\n" + bytes(37), True),
        (b"P6\n3 4\n254\n" + bytes(36), True),
        (b"P6\n3 # three\n4\n255\n" + bytes(36), True),
        (b"P6 # three\n3 4\n255\n" + bytes(36), True),
        (b"P6\n#" + b"x" * 300 + b"\n3 4\n255\n" + bytes(36), True),
    ],
)
def test_unusual_forms_are_not_for_training(data, fault):
    assert bool(read_ppm_header(data).training_fault) == fault


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"P6\n3 4\n255\n" + bytes(35), "fewer pixels"),
        (b"P6\n3 4\n65535\n" + bytes(72), "16 bits"),
        (b"P6\n0 4\n255\n", "no size"),
        (b"P6\n3 4\n", "none of a PGM"),
        (b"P6 #" + b"x" * 5000, "none of a PGM"),
        (b"P6 3 4 0\n" + bytes(36), "no size"),
    ],
)
def test_what_is_no_ppm_is_said(data, message):
    with pytest.raises(RefusedImageError, match=message):
        read_ppm_header(data)
