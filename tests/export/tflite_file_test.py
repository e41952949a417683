import keras
import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from keras_sphereface.contract import MANIFEST_NAME
from keras_sphereface.export.signatures import write_signatures
from keras_sphereface.export.tflite_file import (
    add_manifest,
    add_unit_normalization,
    run_signature,
)


@pytest.fixture(scope="module")
def convert(tmp_path_factory):
    """Plain conversion of an embedder, without normalization."""

    def convert(embedder):
        folder = str(tmp_path_factory.mktemp("saved_model"))
        write_signatures(embedder, folder, normalize=False, with_uint8=False)
        return tf.lite.TFLiteConverter.from_saved_model(
            folder, signature_keys=["embed"]
        ).convert()

    return convert


@pytest.fixture(scope="module")
def content(convert, embedder):
    return convert(embedder)


def metadata(content, name):
    """The buffer of a metadata entry, through the generated schema."""
    model = schema.Model.GetRootAs(content)
    for index in range(model.MetadataLength()):
        if model.Metadata(index).Name().decode() == name:
            buffer = model.Buffers(model.Metadata(index).Buffer())
            return buffer.DataAsNumpy().tobytes()
    return None


def test_the_manifest_is_found_by_its_name(content):
    text = '{"über": [1, 2]}'
    assert metadata(content, MANIFEST_NAME) is None
    assert metadata(add_manifest(content, text), MANIFEST_NAME) == text.encode()


def test_the_manifest_changes_no_bit_of_the_outputs(content, faces):
    pixels = faces.astype(np.float32)
    before = run_signature(content, "embed", pixels)
    after = run_signature(add_manifest(content, "{}" * 99), "embed", pixels)
    np.testing.assert_array_equal(np.float32(before), np.float32(after))


def test_weights_keep_the_alignment_the_schema_asks_for(content):
    content = add_manifest(content, "x" * 13)
    model = schema.Model.GetRootAs(content)
    buffers = [model.Buffers(i) for i in range(model.BuffersLength())]
    starts = [
        buffer._tab.Vector(buffer._tab.Offset(4))
        for buffer in buffers
        if buffer.DataLength()
    ]
    assert len(starts) > 5
    assert all(start % 16 == 0 for start in starts)


def test_the_added_normalization_gives_unit_embeddings(
    content, embedder, faces, unit
):
    pixels = faces.astype(np.float32)
    normalized = add_unit_normalization(content)
    embeddings = run_signature(normalized, "embed", pixels)
    np.testing.assert_allclose(embeddings, unit(embedder(pixels)), atol=1e-5)


def test_the_normalized_graph_still_takes_any_batch(content, faces):
    pixels = faces[:3].astype(np.float32)
    normalized = add_unit_normalization(content)
    runner = Interpreter(model_content=normalized).get_signature_runner("embed")
    together = runner(images=pixels)["embeddings"]
    np.testing.assert_allclose(
        together, run_signature(normalized, "embed", pixels), atol=1e-6
    )


def test_the_added_normalization_leaves_zeros_zero(convert):
    images = keras.Input((8, 8, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(images)
    outputs = keras.layers.Dense(4, use_bias=False)(pooled)
    content = add_unit_normalization(convert(keras.Model(images, outputs)))
    black = run_signature(content, "embed", np.zeros((1, 8, 8, 3), np.float32))
    np.testing.assert_array_equal(black, np.zeros((1, 4)))
