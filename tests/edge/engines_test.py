import sys
import threading

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from keras_sphereface.edge.engines import LiteRTEngine, read_metadata


def test_the_engine_runs_the_file_image_by_image(exported):
    engine = LiteRTEngine(exported.path)
    assert engine.input_shape == (32, 24, 3)
    assert engine.embedding_dim == 12
    embeddings = engine.embed(exported.images)
    assert embeddings.dtype == np.float32
    np.testing.assert_allclose(embeddings, exported.embeddings, atol=1e-5)
    one = engine.embed(exported.images[3:4].astype(np.float32))
    np.testing.assert_array_equal(one, embeddings[3:4])


def test_threads_of_the_runtime_do_not_change_the_result(exported):
    two = LiteRTEngine(exported.path, threads=2).embed(exported.images)
    np.testing.assert_allclose(two, exported.embeddings, atol=1e-5)


def test_one_engine_serves_many_threads(exported):
    engine = LiteRTEngine(exported.path)
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


def test_metadata_is_what_the_generated_schema_reads(exported):
    content = exported.path.read_bytes()
    model = schema.Model.GetRootAs(content)
    assert model.MetadataLength() >= 2
    for index in range(model.MetadataLength()):
        entry = model.Metadata(index)
        expected = model.Buffers(entry.Buffer()).DataAsNumpy().tobytes()
        assert read_metadata(content, entry.Name().decode()) == expected
    assert read_metadata(content, "nothing") is None


@pytest.mark.parametrize("threads", [0, -1, 1.5, "2", True])
def test_wrong_threads_are_refused(exported, threads):
    with pytest.raises(ValueError, match=r"`threads` must be a positive int"):
        LiteRTEngine(exported.path, threads)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no model file.*face\.tflite"):
        LiteRTEngine(tmp_path / "face.tflite")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 a zip file", b"x" * 999])
def test_a_file_of_another_kind_is_refused(tmp_path, content):
    path = tmp_path / "face.tflite"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"be a TFLite file.*face\.tflite"):
        LiteRTEngine(path)


@pytest.mark.parametrize("part", [0.1, 0.5, 0.99])
def test_a_truncated_file_is_refused(exported, tmp_path, part):
    content = exported.path.read_bytes()
    path = tmp_path / "face.tflite"
    path.write_bytes(content[: int(part * len(content))])
    with pytest.raises(ValueError, match=r"is damaged.*face\.tflite"):
        LiteRTEngine(path)


def test_a_model_without_the_signature_is_refused(rewrite, tmp_path):
    def rename(model):
        model.signatureDefs[0].signatureKey = "serve"

    path = rewrite(tmp_path / "other.tflite", rename)
    with pytest.raises(ValueError, match=r"signature 'embed'.*'serve'"):
        LiteRTEngine(path)


def test_a_model_that_takes_no_float_pixels_is_refused(rewrite, tmp_path):
    def take_integers(model):
        graph = model.subgraphs[0]
        graph.tensors[graph.inputs[0]].type = schema.TensorType.INT32
        # Without operators nothing disagrees with the new type.
        graph.operators = []

    path = rewrite(tmp_path / "other.tflite", take_integers)
    with pytest.raises(ValueError, match=r"takes float32 pixels.*int32"):
        LiteRTEngine(path)


def test_a_missing_runtime_says_what_to_install(exported, monkeypatch):
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    with pytest.raises(ImportError, match=r'pip install "keras-sphereface\[ed'):
        LiteRTEngine(exported.path)
