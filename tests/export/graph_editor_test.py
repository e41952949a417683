import keras
import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from keras_sphereface.edge.delegate import describe_delegate
from keras_sphereface.export.graph_editor import GraphEditor
from keras_sphereface.export.signatures import write_raw_signature
from keras_sphereface.export.tflite_model import (
    read_model,
    signature_runner,
    write_model,
)


@pytest.fixture(scope="module")
def convert(tmp_path_factory):
    """Plain conversion of an embedder, as objects."""

    def convert(embedder, batch_size=None):
        folder = str(tmp_path_factory.mktemp("saved_model"))
        write_raw_signature(embedder, folder, batch_size=batch_size)
        converter = tf.lite.TFLiteConverter.from_saved_model(
            folder, signature_keys=["embed"]
        )
        return read_model(converter.convert())

    return convert


def run(model, signature="embed", **images):
    return signature_runner(write_model(model), signature)(**images)


def delegated(model):
    interpreter = Interpreter(model_content=write_model(model))
    interpreter.allocate_tensors()
    return describe_delegate(interpreter)


def test_the_normalization_gives_unit_embeddings_of_any_batch(
    convert, embedder, faces, unit
):
    pixels = faces.astype(np.float32)
    model = convert(embedder)
    GraphEditor(model).normalize()
    for batch in (pixels[:1], pixels[:5]):
        found = run(model, images=batch)["embeddings"]
        np.testing.assert_allclose(found, unit(embedder(batch)), atol=1e-6)


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_directions_of_any_norm_survive_and_zeros_stay_zeros(
    convert, scale, unit
):
    images = keras.Input((8, 8, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(images)
    dense = keras.layers.Dense(4, use_bias=False)
    embedder = keras.Model(images, dense(pooled))
    dense.set_weights([scale * kernel for kernel in dense.get_weights()])
    model = convert(embedder)
    GraphEditor(model).normalize()
    noise = np.random.default_rng(0).uniform(0, 255, (3, 8, 8, 3))
    noise = noise.astype(np.float32)
    found = run(model, images=noise)["embeddings"]
    np.testing.assert_allclose(found, unit(embedder(noise)), atol=1e-5)
    black = run(model, images=np.zeros_like(noise))["embeddings"]
    np.testing.assert_array_equal(black, np.zeros((3, 4)))


def test_flattening_a_free_batch_stays_in_the_delegate(
    convert, embedder, faces
):
    model = convert(embedder)
    before = delegated(model)
    assert {"SHAPE", "STRIDED_SLICE", "PACK"} <= set(before.outside)
    expected = run(model, images=faces.astype(np.float32))["embeddings"]
    GraphEditor(model).fix_reshapes()
    GraphEditor(model).normalize()
    after = delegated(model)
    assert after.share == 1
    assert after.partitions == 1
    found = run(model, images=faces.astype(np.float32))["embeddings"]
    norms = np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(found, expected / norms, atol=1e-6)


@pytest.mark.parametrize("batch_size", [None, 2])
def test_verify_scores_two_batches_with_the_weights_of_embed(
    convert, embedder, faces, unit, batch_size
):
    model = convert(embedder, batch_size)
    editor = GraphEditor(model)
    editor.fix_reshapes()
    editor.normalize()
    alone = len(write_model(model))
    editor.add_verify()
    content = write_model(model)
    weights = sum(np.prod(w.shape) for w in embedder.weights) * 4
    assert len(content) - alone < 0.2 * weights
    a, b = faces[:2].astype(np.float32), faces[2:4].astype(np.float32)
    scores = signature_runner(content, "verify")(images_a=a, images_b=b)
    x, y = unit(embedder(a)), unit(embedder(b))
    expected = [sum(x[0] * y[0]), sum(x[1] * y[1])]
    np.testing.assert_allclose(scores["scores"], expected, atol=1e-6)
    # The first signature is what it was.
    embeddings = signature_runner(content, "embed")(images=a)["embeddings"]
    np.testing.assert_allclose(embeddings, x, atol=1e-6)


def test_uint8_pixels_are_the_same_pixels(convert, embedder, faces):
    model = convert(embedder)
    expected = run(model, images=faces.astype(np.float32))["embeddings"]
    GraphEditor(model).take_uint8()
    found = run(model, images=faces)["embeddings"]
    np.testing.assert_array_equal(found, expected)


def test_fused_names_are_cut_at_the_first(convert, embedder):
    model = convert(embedder)
    assert any(b";" in tensor.name for tensor in model.subgraphs[0].tensors)
    GraphEditor(model).shorten_names()
    names = [tensor.name for tensor in model.subgraphs[0].tensors]
    assert not any(b";" in name for name in names)
    assert all(names)
