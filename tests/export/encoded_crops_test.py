"""Crops decoded in a graph against the reader that everything else uses."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_sphereface.contract import FaceInput, ImageError, read_image
from keras_sphereface.export import encoded_crops

SIZE = FaceInput(height=20, width=24)


@pytest.fixture(scope="module")
def decode():
    """The function of a graph, as a signature has it."""
    spec = [tf.TensorSpec([None], tf.string)]
    graph = tf.function(
        lambda contents: encoded_crops.decode_crops(contents, SIZE),
        input_signature=spec,
    )

    def run(contents):
        pixels, errors = graph(tf.constant(contents, tf.string))
        return pixels.numpy(), [error.decode() for error in errors.numpy()]

    return run


def picture(height=20, width=24, seed=0):
    """Coarse colors under noise."""
    generator = np.random.default_rng(seed)
    coarse = generator.integers(0, 200, (-(-height // 4), -(-width // 4), 3))
    fine = generator.integers(0, 56, (height, width, 3))
    large = coarse.repeat(4, axis=0).repeat(4, axis=1)[:height, :width]
    return np.uint8(large + fine)


def encode(kind, pixels=None, mode="RGB", **options):
    image = Image.fromarray(picture() if pixels is None else pixels)
    file = io.BytesIO()
    image.convert(mode).save(file, format=kind, **options)
    return file.getvalue()


def turned(kind, orientation, order="<"):
    exif = Image.Exif()
    exif.endian = order
    exif[0x0112] = orientation
    return encode(kind, exif=exif)


FORMS = {
    **{
        f"jpeg {quality} {subsampling} {progressive}": encode(
            "JPEG",
            quality=quality,
            subsampling=subsampling,
            progressive=progressive,
        )
        for quality in (40, 90)
        for subsampling in (0, 1, 2)
        for progressive in (False, True)
    },
    "jpeg gray": encode("JPEG", mode="L"),
    "jpeg CMYK": encode("JPEG", mode="CMYK"),
    "jpeg upright": turned("JPEG", 1),
    "png": encode("PNG"),
    "png gray": encode("PNG", mode="L"),
    "png gray, alpha": encode("PNG", mode="LA"),
    "png alpha": encode("PNG", mode="RGBA"),
    "png palette": encode("PNG", mode="P"),
    "png transparent color": encode("PNG", mode="P", transparency=3),
    "png one bit": encode("PNG", mode="1"),
}


@pytest.mark.parametrize("form", FORMS)
def test_pixels_are_those_of_the_reader(form, decode):
    pixels, errors = decode([FORMS[form]])
    assert errors == [""]
    np.testing.assert_array_equal(pixels[0], read_image(FORMS[form]))


def test_many_keep_their_order(decode):
    images = [picture(seed=seed) for seed in range(50)]
    pixels, errors = decode([encode("PNG", image) for image in images])
    assert errors == [""] * 50
    np.testing.assert_array_equal(pixels, images)


DEEP = io.BytesIO()
Image.fromarray(np.full((20, 24), 300, np.uint16)).save(DEEP, format="PNG")
JPEG, PNG = FORMS["jpeg 90 0 False"], FORMS["png"]
WRONG = {
    "nothing": (b"", encoded_crops.NO_KIND),
    "text": (b"a crop", encoded_crops.NO_KIND),
    "bmp": (encode("BMP"), encoded_crops.NO_KIND),
    "gif": (encode("GIF"), encoded_crops.NO_KIND),
    "jpeg start": (JPEG[:3], encoded_crops.NOT_WHOLE),
    "jpeg half": (JPEG[: len(JPEG) // 2], encoded_crops.NOT_WHOLE),
    "png start": (PNG[:8], encoded_crops.NOT_WHOLE),
    "png half": (PNG[: len(PNG) // 2], encoded_crops.NOT_WHOLE),
    "png broken": (PNG[:60] + b"\0\0" + PNG[62:], encoded_crops.NOT_WHOLE),
    "deep": (DEEP.getvalue(), encoded_crops.DEEP),
    "jpeg size": (
        encode("JPEG", picture(24, 20)),
        "must be 20x24 (height x width), and is 24x20",
    ),
    "png size": (
        encode("PNG", picture(300, 7)),
        "must be 20x24 (height x width), and is 300x7",
    ),
}


@pytest.mark.parametrize("fault", WRONG)
def test_what_is_wrong_is_said_and_the_others_are_decoded(fault, decode):
    content, expected = WRONG[fault]
    pixels, errors = decode([JPEG, content, PNG])
    assert errors == ["", expected, ""]
    assert not pixels[1].any()
    np.testing.assert_array_equal(pixels[0], read_image(JPEG))
    np.testing.assert_array_equal(pixels[2], read_image(PNG))
    # The reader refuses them too; BMP it would read.
    if fault not in ("bmp",):
        with pytest.raises(ImageError):
            read_image(content, SIZE)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("orientation", [2, 3, 6, 8])
def test_turned_crops_are_refused(kind, order, orientation, decode):
    content = turned(kind, orientation, order)
    upright = read_image(encode(kind))
    assert not np.array_equal(read_image(content), upright)
    assert decode([content])[1] == [encoded_crops.TURNED]


def test_crops_turned_by_xmp_are_refused(decode):
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/" tiff:Orientation="6"/>'
    content = encode("JPEG", xmp=xmp)
    assert read_image(content).shape == (24, 20, 3)
    assert decode([content])[1] == [encoded_crops.TURNED]


def test_none_at_all_and_none_that_is_good(decode):
    pixels, errors = decode([])
    assert pixels.shape == (0, 20, 24, 3)
    assert errors == []
    pixels, errors = decode([JPEG[:99], PNG[:99]])
    assert errors == [encoded_crops.NOT_WHOLE] * 2
    assert not pixels.any()


def test_a_huge_size_is_refused_by_its_header(decode):
    """Decoded, the picture would take 12 GB."""
    content = bytearray(PNG)
    content[16:24] = (2**16 - 1).to_bytes(4, "big") * 2
    assert decode([bytes(content)])[1] == [
        "must be 20x24 (height x width), and is 65535x65535"
    ]
