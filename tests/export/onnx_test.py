import gc

import keras
import numpy as np
import onnx
import onnxruntime
import pytest

from keras_sphereface.contract import MANIFEST_NAME, Manifest, OperatingPoint
from keras_sphereface.edge import FaceVerifier
from keras_sphereface.export import ExportError, export_onnx
from keras_sphereface.export import onnx as onnx_module

POINT = OperatingPoint(far=0.01, threshold=0.42)


@pytest.fixture(scope="module")
def report(embedder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("export")
    return export_onnx(embedder, folder / "face.onnx", operating_points=[POINT])


def test_any_batch_gives_the_unit_embeddings_of_keras(
    report, embedder, faces, unit
):
    session = onnxruntime.InferenceSession(report.path)
    for batch in (faces[:1], faces):
        pixels = batch.astype(np.float32)
        (embeddings,) = session.run(["embeddings"], {"images": pixels})
        np.testing.assert_allclose(
            embeddings, unit(embedder(pixels)), atol=1e-6
        )


def test_inputs_outputs_and_the_batch_have_names(report):
    session = onnxruntime.InferenceSession(report.path)
    (images,), (embeddings,) = session.get_inputs(), session.get_outputs()
    assert images.name == "images"
    assert images.shape == ["batch_size", 112, 112, 3]
    assert images.type == "tensor(float)"
    assert embeddings.name == "embeddings"
    assert embeddings.shape == ["batch_size", 32]


def test_the_file_explains_itself_to_a_device(report, faces):
    (entry,) = onnx.load(report.path).metadata_props
    assert entry.key == MANIFEST_NAME
    assert Manifest.from_json(entry.value).operating_points == (POINT,)
    verification = FaceVerifier(report.path).verify(faces[0], faces[0])
    assert verification.score == pytest.approx(1, abs=1e-6)
    assert verification.threshold == 0.42
    assert verification.same


@pytest.mark.parametrize("opset", [13, 18])
def test_the_opset_is_the_one_asked_for(tmp_path, opset):
    images = keras.Input((8, 8, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(images)
    embedder = keras.Model(images, keras.layers.Dense(4)(pooled))
    path = tmp_path / "face.onnx"
    export_onnx(embedder, path, opset=opset)
    versions = {i.domain: i.version for i in onnx.load(path).opset_import}
    assert versions[""] == opset


def test_an_exact_gelu_is_written(tmp_path):
    keras.utils.set_random_seed(0)
    images = keras.Input((8, 8, 3))
    x = keras.layers.Rescaling(1 / 64, -2)(images)
    x = keras.layers.Conv2D(8, 3, activation="gelu")(x)
    pooled = keras.layers.GlobalAveragePooling2D()(x)
    embedder = keras.Model(images, keras.layers.Dense(4)(pooled))
    report = export_onnx(embedder, tmp_path / "face.onnx")
    # Keras's own is `Erfc` in TensorFlow, which ONNX does not have.
    assert report.score_error < 1e-6
    kinds = {node.op_type for node in onnx.load(report.path).graph.node}
    assert "Erf" in kinds


@pytest.fixture
def unfrozen():
    """The garbage collector as users have it; `tests/conftest.py` freezes."""
    gc.unfreeze()
    yield
    gc.freeze()


def test_the_garbage_collector_is_left_as_it_was(unfrozen, embedder, tmp_path):
    before = gc.get_threshold(), gc.get_freeze_count()
    export_onnx(embedder, tmp_path / "face.onnx")
    assert (gc.get_threshold(), gc.get_freeze_count()) == before
    with onnx_module._frequent_collection():
        assert gc.get_freeze_count() > before[1]
    assert (gc.get_threshold(), gc.get_freeze_count()) == before


def test_zeros_stay_zeros(tmp_path):
    images = keras.Input((8, 8, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(images)
    outputs = keras.layers.Dense(4, use_bias=False)(pooled)
    export_onnx(keras.Model(images, outputs), tmp_path / "face.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "face.onnx")
    black = np.zeros((2, 8, 8, 3), np.float32)
    (embeddings,) = session.run(None, {"images": black})
    np.testing.assert_array_equal(embeddings, np.zeros((2, 4)))


@pytest.mark.parametrize("opset", [12, 19, "17"])
def test_other_opsets_are_refused(embedder, tmp_path, opset):
    with pytest.raises(ValueError, match=r"from 13 to 18.*opset="):
        export_onnx(embedder, tmp_path / "face.onnx", opset=opset)
    assert not list(tmp_path.iterdir())


def test_other_scores_than_keras_are_an_error_and_no_file(
    embedder, make_embedder, tmp_path, monkeypatch
):
    other, convert = make_embedder(seed=9), onnx_module._convert
    monkeypatch.setattr(
        onnx_module, "_convert", lambda _, *args: convert(other, *args)
    )
    with pytest.raises(ExportError, match="does not equal its Keras model"):
        export_onnx(embedder, tmp_path / "face.onnx")
    assert not list(tmp_path.iterdir())
