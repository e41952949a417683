import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_sphereface.export import export_litert, is_foreign, open_embedder

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 12, 8, 3), np.uint8)
STATED = {"color_order": "BGR", "pixel_mean": 127.5, "pixel_scale": 127.5}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Models of the mean of each channel, in others' forms and in ours."""
    folder = tmp_path_factory.mktemp("foreign")
    inputs = keras.Input((12, 8, 3), batch_size=2)
    pooled = keras.layers.GlobalAveragePooling2D(keepdims=True)(inputs)
    model = keras.Model(inputs, pooled)
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    (folder / "float.tflite").write_bytes(converter.convert())
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    scaled = (np.float32(IMAGES) - 127.5) / 127.5
    scaled[0, 0, 0], scaled[0, 0, 1] = -1, 1
    converter.representative_dataset = lambda: (
        [scaled[i : i + 2]] for i in range(4)
    )
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8
    with warnings.catch_warnings():
        # It warns where the statistics come of images.
        warnings.simplefilter("ignore", UserWarning)
        (folder / "int8.tflite").write_bytes(converter.convert())
    images = keras.Input((12, 8, 3))
    flat = keras.layers.GlobalAveragePooling2D()(images)
    export_litert(keras.Model(images, flat), folder / "ours.tflite")
    return folder


def expected(images):
    return (images.mean((1, 2))[:, ::-1] - 127.5) / 127.5


def test_a_file_without_manifest_is_embedded_as_stated(folder):
    assert is_foreign(folder / "float.tflite")
    embed = open_embedder(folder / "float.tflite", **STATED)
    # In batches of two, of which the last is filled up.
    np.testing.assert_allclose(embed(IMAGES), expected(IMAGES), atol=1e-5)
    assert "float.tflite takes 12x8, NHWC (by its shape), BGR" in embed.notes[0]


def test_a_quantized_file_tells_its_scaling(folder):
    embed = open_embedder(folder / "int8.tflite", color_order="BGR")
    assert "(pixel - 127.5) / 127.5 (by its range, " in embed.notes[0]
    # Steps of its output are 2 / 255 at most.
    np.testing.assert_allclose(embed(IMAGES), expected(IMAGES), atol=0.01)


def test_unstated_it_is_refused_and_ours_is_not_stated(folder):
    with pytest.raises(
        ValueError, match=r"State `pixel_mean`.*\[2, 12, 8, 3\]"
    ):
        open_embedder(folder / "float.tflite")
    assert not is_foreign(folder / "ours.tflite")
    with pytest.raises(ValueError, match=r"`color_order` is stated.*ours"):
        open_embedder(folder / "ours.tflite", color_order="RGB")
    assert open_embedder(folder / "ours.tflite").size == (12, 8)
