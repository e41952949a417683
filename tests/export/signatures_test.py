"""Signatures of a SavedModel on a network of one layer."""

import io

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_sphereface.export.signatures import write_signatures


@pytest.fixture(scope="module")
def pixels_and_model(tmp_path_factory):
    keras.utils.set_random_seed(0)
    inputs = keras.Input((4, 5, 3))
    flat = keras.layers.Flatten()(inputs)
    dense = keras.layers.Dense(3, use_bias=False)
    embedder = keras.Model(inputs, dense(flat))
    folder = tmp_path_factory.mktemp("saved")
    write_signatures(embedder, folder)
    pixels = np.random.default_rng(0).integers(0, 256, (5, 4, 5, 3), np.uint8)
    embeddings = pixels.reshape(5, -1).astype("float64") @ np.asarray(
        dense.kernel, "float64"
    )
    return pixels, embeddings, tf.saved_model.load(str(folder)).signatures


def cosine(a, b):
    return float(a @ b / np.sqrt(sum(a**2)) / np.sqrt(sum(b**2)))


@pytest.mark.parametrize(
    ("count_a", "count_b"), [(1, 1), (2, 2), (3, 1), (1, 4)]
)
@pytest.mark.parametrize("suffix", ["", "_uint8"])
def test_one_image_is_compared_with_each(
    count_a, count_b, suffix, pixels_and_model
):
    pixels, embeddings, signatures = pixels_and_model
    dtype = "uint8" if suffix else "float32"
    # The sides overlap by nothing but the last image.
    a, b = pixels[:count_a], pixels[::-1][:count_b]
    found = signatures[f"verify{suffix}"](
        images_a=tf.constant(a.astype(dtype)),
        images_b=tf.constant(b.astype(dtype)),
    )["scores"]
    pairs = [
        (index % count_a, 4 - index % count_b)
        for index in range(max(count_a, count_b))
    ]
    expected = [cosine(embeddings[i], embeddings[j]) for i, j in pairs]
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("count_a", "count_b"), [(4, 2), (2, 4), (3, 2), (2, 0)]
)
def test_sides_that_do_not_pair_up_are_refused(
    count_a, count_b, pixels_and_model
):
    pixels, _, signatures = pixels_and_model
    a, b = (
        tf.constant(pixels[:n].astype("float32")) for n in (count_a, count_b)
    )
    with pytest.raises(tf.errors.InvalidArgumentError):
        signatures["verify"](images_a=a, images_b=b)


def test_zeros_stay_zeros(pixels_and_model):
    pixels, _, signatures = pixels_and_model
    black = tf.zeros((1, 4, 5, 3), "uint8")
    found = signatures["embed_uint8"](images=black)["embeddings"]
    np.testing.assert_array_equal(found, np.zeros((1, 3)))
    scores = signatures["verify_uint8"](images_a=black, images_b=pixels[:1])
    np.testing.assert_array_equal(scores["scores"], [0])


def png(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="PNG")
    return file.getvalue()


def test_encoded_crops_are_embedded_and_others_are_zeros(pixels_and_model):
    pixels, embeddings, signatures = pixels_and_model
    contents = [png(image) for image in pixels]
    contents[1] = contents[1][:50]
    contents[3] = png(pixels[3].swapaxes(0, 1).copy())
    found = signatures["embed_encoded"](image_bytes=tf.constant(contents))
    for index, (row, error) in enumerate(
        zip(found["embeddings"].numpy(), found["errors"].numpy(), strict=True)
    ):
        if index in (1, 3):
            assert not row.any()
        else:
            assert error == b""
            assert cosine(row, embeddings[index]) == pytest.approx(1, abs=1e-5)
            assert sum(row**2) == pytest.approx(1, abs=1e-5)
    assert b"truncated or broken" in found["errors"][1].numpy()
    assert (
        b"must be 4x5 (height x width), and is 5x4"
        in found["errors"][3].numpy()
    )


def test_black_without_a_direction_is_no_nan_beside_a_wrong_crop(tmp_path):
    inputs = keras.Input((4, 5, 3))
    root = keras.layers.Lambda(lambda x: keras.ops.log(x))(inputs)
    write_signatures(
        keras.Model(inputs, keras.layers.Flatten()(root)), tmp_path
    )
    embed = tf.saved_model.load(str(tmp_path)).signatures["embed_encoded"]
    found = embed(image_bytes=tf.constant([b"no crop"]))
    np.testing.assert_array_equal(found["embeddings"], np.zeros((1, 60)))
