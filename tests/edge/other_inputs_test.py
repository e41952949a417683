"""Files whose graph takes uint8 images, gives int8, or has a fixed batch."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_sphereface.contract import FaceInput, Manifest, OperatingPoint, seal
from keras_sphereface.edge import FaceVerifier
from keras_sphereface.export.tflite_model import (
    add_manifest,
    read_model,
    write_model,
)

MANIFEST = Manifest(
    FaceInput(height=16, width=12),
    6,
    (OperatingPoint(far=0.01, threshold=0.5),),
    unit_embeddings=False,
    package_version="0.1.0",
)


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(7).integers(0, 256, (7, 16, 12, 3), np.uint8)


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    inputs = keras.Input((16, 12, 3))
    x = keras.layers.Conv2D(8, 3, 2, activation="relu")(inputs)
    return keras.Model(inputs, keras.layers.Dense(6)(keras.layers.Flatten()(x)))


@pytest.fixture(scope="module")
def convert(model, images, tmp_path_factory):
    """Writes the model to a TFLite file of any batch and types."""

    def convert(batch=None, input_type=tf.float32, output_type=tf.float32):
        folder = tmp_path_factory.mktemp("converted")
        archive = keras.export.ExportArchive()
        archive.track(model)
        archive.add_endpoint(
            "embed",
            lambda images: {"embeddings": model(images)},
            [tf.TensorSpec((batch, 16, 12, 3), name="images")],
        )
        archive.write_out(folder / "saved_model", verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(
            str(folder / "saved_model"), signature_keys=["embed"]
        )
        if input_type != tf.float32 or output_type != tf.float32:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.representative_dataset = lambda: (
                [image[None].astype(np.float32)] for image in images
            )
            converter.target_spec.supported_ops = [
                tf.lite.OpsSet.TFLITE_BUILTINS_INT8
            ]
            converter.inference_input_type = input_type
            converter.inference_output_type = output_type
        model_objects = read_model(converter.convert())
        face_input = FaceInput(16, 12, dtype=input_type.name)
        manifest = dataclasses.replace(MANIFEST, input=face_input)
        add_manifest(model_objects, manifest.to_json())
        path = folder / "face.tflite"
        path.write_bytes(seal(write_model(model_objects)))
        return path

    return convert


@pytest.fixture(scope="module")
def expected(model, images):
    embeddings = np.asarray(model(images), np.float64)
    norms = [np.sqrt(sum(row * row)) for row in embeddings]
    return embeddings / np.array(norms)[:, None]


@pytest.mark.parametrize("batch", [None, 1, 3])
def test_any_batch_of_the_graph_gives_the_embeddings_of_keras(
    convert, images, expected, batch
):
    verifier = FaceVerifier(convert(batch))
    for count in (1, 3, 7):
        np.testing.assert_allclose(
            verifier.embed(images[:count]), expected[:count], atol=1e-5
        )
    assert verifier._engine.fixed_batch == batch
    alone = verifier.embed(images[4])
    np.testing.assert_array_equal(verifier.embed(images)[4:5], alone)


@pytest.mark.parametrize("output_type", [tf.float32, tf.int8])
def test_uint8_graphs_see_rounded_pixels(
    convert, images, expected, output_type
):
    verifier = FaceVerifier(convert(1, tf.uint8, output_type))
    assert verifier._engine.input_dtype == np.uint8
    found = verifier.embed(images)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)
    cosines = np.sum(found * expected, axis=1)
    # Int8 keeps about two digits of this small network.
    assert cosines.min() > 0.995
    noise = np.random.default_rng(0).uniform(-0.4, 0.4, images.shape)
    floats = np.clip(images + noise, 0, 255)
    np.testing.assert_array_equal(verifier.embed(floats), found)


def test_int8_embeddings_are_scaled_back(convert, images, model):
    engine = FaceVerifier(convert(1, tf.uint8, tf.int8))._engine
    expected = np.asarray(model(images), np.float64)
    found = engine.embed(images)
    # A few steps of 1/255 of the range, which the layers' rounding adds up to.
    assert abs(found - expected).max() < 0.05 * np.ptp(expected)
