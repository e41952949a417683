import sys
import threading

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from keras_sphereface.edge.artifact_file import ArtifactFile
from keras_sphereface.edge.engines import open_engine


def open_model(path, threads=None):
    return open_engine(ArtifactFile.read(path), threads)


def test_the_engine_runs_the_file_image_by_image(exported):
    engine = open_model(exported.path)
    assert engine.input_shape == (32, 24, 3)
    assert engine.embedding_dim == 12
    embeddings = engine.embed(exported.images)
    assert embeddings.dtype == np.float32
    np.testing.assert_allclose(embeddings, exported.embeddings, atol=1e-5)
    one = engine.embed(exported.images[3:4].astype(np.float32))
    np.testing.assert_array_equal(one, embeddings[3:4])


def test_threads_of_the_runtime_do_not_change_the_result(exported):
    two = open_model(exported.path, threads=2).embed(exported.images)
    np.testing.assert_allclose(two, exported.embeddings, atol=1e-5)


def test_one_engine_serves_many_threads(exported):
    engine = open_model(exported.path)
    alone = engine.embed(exported.images)
    start = threading.Barrier(8)
    wrong = []

    def work(index):
        start.wait()
        for _ in range(50):
            found = engine.embed(exported.images[index : index + 1])
            if not np.array_equal(found, alone[index : index + 1]):
                wrong.append(index)

    workers = [threading.Thread(target=work, args=(n % 6,)) for n in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong


@pytest.mark.parametrize("part", [0.1, 0.5, 0.99])
def test_a_truncated_file_is_refused(exported, tmp_path, part):
    content = exported.path.read_bytes()
    path = tmp_path / "face.tflite"
    path.write_bytes(content[: int(part * len(content))])
    with pytest.raises(ValueError, match=r"is damaged.*face\.tflite"):
        open_model(path)


def test_a_model_without_the_signature_is_refused(rewrite, tmp_path):
    def rename(model):
        model.signatureDefs[0].signatureKey = "serve"

    path = rewrite(tmp_path / "other.tflite", rename)
    with pytest.raises(ValueError, match=r"signature 'embed'.*'serve'"):
        open_model(path)


def test_a_model_that_takes_no_pixels_is_refused(rewrite, tmp_path):
    def take_integers(model):
        graph = model.subgraphs[0]
        graph.tensors[graph.inputs[0]].type = schema.TensorType.INT32
        # Without operators nothing disagrees with the new type.
        graph.operators = []

    path = rewrite(tmp_path / "other.tflite", take_integers)
    with pytest.raises(
        ValueError, match=r"takes float32 or uint8 pixels.*int32"
    ):
        open_model(path)


def test_a_missing_runtime_says_what_to_install(exported, monkeypatch):
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    with pytest.raises(ImportError, match=r'pip install "keras-sphereface\[ed'):
        open_model(exported.path)
