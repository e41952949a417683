import io
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_sphereface.contract import read_image
from keras_sphereface.data import decode_image

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
    "black and white png": lambda image: encoded(image.convert("1"), "PNG"),
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


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_decodes_the_same_eagerly_and_inside_tf_data(encoding):
    image_bytes = ENCODINGS[encoding](picture())
    dataset = tf.data.Dataset.from_tensors(image_bytes).map(decode_image)
    np.testing.assert_array_equal(
        next(iter(dataset)), decode_image(image_bytes)
    )


@pytest.mark.skipif(not SHARED_FACES.is_dir(), reason="needs ../shared/faces")
def test_real_faces_decode_as_in_the_contract():
    for path in sorted(SHARED_FACES.glob("*/*.jpg"))[::50]:
        image = decode_image(Path(path).read_bytes()).numpy()
        np.testing.assert_allclose(image.astype(int), read_image(path), atol=2)
