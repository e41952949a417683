import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema

from keras_sphereface.contract import MANIFEST_NAME
from keras_sphereface.export.signatures import write_raw_signature
from keras_sphereface.export.tflite_model import (
    add_manifest,
    read_model,
    signature_runner,
    write_model,
)


@pytest.fixture(scope="module")
def content(embedder, tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("saved_model"))
    write_raw_signature(embedder, folder)
    return tf.lite.TFLiteConverter.from_saved_model(
        folder, signature_keys=["embed"]
    ).convert()


def with_manifest(content, text):
    model = read_model(content)
    add_manifest(model, text)
    return write_model(model)


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
    found = metadata(with_manifest(content, text), MANIFEST_NAME)
    assert found == text.encode()


def test_the_manifest_changes_no_bit_of_the_outputs(content, faces):
    pixels = faces.astype(np.float32)
    before = signature_runner(content, "embed")(images=pixels)
    again = with_manifest(content, "{}" * 99)
    after = signature_runner(again, "embed")(images=pixels)
    np.testing.assert_array_equal(before["embeddings"], after["embeddings"])


def test_weights_keep_the_alignment_the_schema_asks_for(content):
    model = schema.Model.GetRootAs(with_manifest(content, "x" * 13))
    buffers = [model.Buffers(i) for i in range(model.BuffersLength())]
    starts = [
        buffer._tab.Vector(buffer._tab.Offset(4))
        for buffer in buffers
        if buffer.DataLength()
    ]
    assert len(starts) > 5
    assert all(start % 16 == 0 for start in starts)


def test_what_is_equal_is_written_once(content):
    model = read_model(content)
    small = len(write_model(model))
    tensor = model.subgraphs[0].tensors[0]
    tensor.quantization.zeroPoint = np.zeros(100_000, np.int64)
    one = len(write_model(model))
    other = model.subgraphs[0].tensors[1]
    other.quantization.zeroPoint = np.zeros(100_000, np.int64)
    two = len(write_model(model))
    assert one > small + 800_000
    assert two < one + 100
    again = read_model(write_model(model)).subgraphs[0].tensors
    assert len(again[0].quantization.zeroPoint) == 100_000
    assert len(again[1].quantization.zeroPoint) == 100_000
