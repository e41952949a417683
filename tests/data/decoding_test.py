import io
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_sphereface.contract import read_image
from keras_sphereface.data import decode_image
from keras_sphereface.data.decoding import (
    READS_WEBP,
    UnreadableImageError,
    check_encoded,
    decode_checked,
    decode_images,
    encoded_header,
    read_file,
)

SHARED_FACES = Path(__file__).parents[3] / "shared" / "faces" / "train"


def picture(seed=0, size=(112, 112)):
    """Noise with some structure, so that every JPEG coefficient is in use."""
    noise = np.random.default_rng(seed).integers(0, 256, (4, 3, 3), np.uint8)
    image = Image.fromarray(noise)
    return image.resize((size[1], size[0]), Image.Resampling.BICUBIC)


def encoded(image, kind="JPEG", **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


PNG = encoded(picture(), "PNG")


ENCODINGS = {
    "jpeg 4:4:4": lambda image: encoded(image, quality=95, subsampling=0),
    "jpeg 4:2:2": lambda image: encoded(image, quality=80, subsampling=1),
    "jpeg 4:2:0": lambda image: encoded(image, quality=60, subsampling=2),
    "progressive jpeg": lambda image: encoded(image, progressive=True),
    "gray jpeg": lambda image: encoded(image.convert("L")),
    "CMYK jpeg": lambda image: encoded(image.convert("CMYK")),
    "png": lambda image: encoded(image, "PNG"),
    "gray png": lambda image: encoded(image.convert("L"), "PNG"),
    "gray and alpha png": lambda image: encoded(image.convert("LA"), "PNG"),
    "RGBA png": lambda image: encoded(with_alpha(image), "PNG"),
    "palette png": lambda image: encoded(image.convert("P"), "PNG"),
    "bmp": lambda image: encoded(image, "BMP"),
    "gray bmp": lambda image: encoded(image.convert("L"), "BMP"),
    "ppm": lambda image: encoded(image, "PPM"),
    "ppm of GIMP": lambda image: encoded(image, "PPM").replace(
        b"P6\n", b"P6\n# made by GIMP\n", 1
    ),
    "pgm": lambda image: encoded(image.convert("L"), "PPM"),
    "black and white png": lambda image: encoded(image.convert("1"), "PNG"),
}


if READS_WEBP:
    ENCODINGS |= {
        "webp": lambda image: encoded(image, "WEBP"),
        "lossless webp": lambda image: encoded(image, "WEBP", lossless=True),
        "RGBA webp": lambda image: encoded(with_alpha(image), "WEBP"),
    }


def with_alpha(image):
    image = image.convert("RGBA")
    image.putalpha(128)
    return image


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_training_sees_the_pixels_that_pillow_and_the_contract_see(encoding):
    image_bytes = ENCODINGS[encoding](picture())
    pixels = decode_image(image_bytes).numpy().astype(int)
    pillow = np.asarray(Image.open(io.BytesIO(image_bytes)).convert("RGB"))
    assert pixels.shape == (112, 112, 3)
    # The two may have been built with other versions of libjpeg.
    np.testing.assert_allclose(pixels, pillow, atol=2)
    np.testing.assert_allclose(pixels, read_image(image_bytes), atol=2)


def test_decodes_the_same_eagerly_and_inside_tf_data():
    contents = [encode(picture()) for encode in ENCODINGS.values()]
    dataset = tf.data.Dataset.from_tensor_slices(contents).map(decode_image)
    for name, found, content in zip(ENCODINGS, dataset, contents, strict=True):
        np.testing.assert_array_equal(found, decode_image(content), name)


def test_a_batch_of_all_kinds_is_as_each_of_them():
    contents = [
        encode(picture(seed)) for seed, encode in enumerate(ENCODINGS.values())
    ]
    batch = decode_images(tf.constant(contents), (112, 112))
    for image, content in zip(batch, contents, strict=True):
        np.testing.assert_array_equal(image, decode_image(content))
    fast = decode_images(tf.constant(contents[:6]), (112, 112), any_kind=False)
    np.testing.assert_array_equal(fast, batch[:6])


def test_two_pictures_in_one_are_no_image():
    both = encoded(picture(), "WEBP", save_all=True, append_images=[picture(1)])
    with pytest.raises(UnreadableImageError, match="several pictures"):
        check_encoded(both, "a")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty file"),
        (b"no image", "not an image"),
        (encoded(picture().convert("P"), "BMP"), "a BMP of few colors"),
        (encoded(picture(), "PPM") + b"?", "unusual form"),
        (encoded(picture(), "GIF"), "GIF, not"),
    ],
)
def test_what_is_refused_has_its_reason(content, reason, tmp_path):
    with pytest.raises(UnreadableImageError, match=f"an image .*{reason}"):
        encoded_header(content, "an image")
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(UnreadableImageError, match=reason):
        read_file(tmp_path / "a")


def test_a_header_has_the_size():
    header = encoded_header(encoded(picture(size=(20, 30))), "a")
    assert (header.height, header.width) == (20, 30)
    assert check_encoded(PNG, "a") == PNG
    np.testing.assert_array_equal(decode_checked(PNG, "a"), picture())


@pytest.mark.skipif(not SHARED_FACES.is_dir(), reason="needs ../shared/faces")
def test_real_faces_decode_as_in_the_contract():
    for path in sorted(SHARED_FACES.glob("*/*.jpg"))[::50]:
        image = decode_image(Path(path).read_bytes()).numpy()
        np.testing.assert_allclose(image.astype(int), read_image(path), atol=2)
