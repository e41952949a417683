"""Other thresholds in files and folders, whose models stay as they are."""

import dataclasses

import numpy as np
import pytest

from keras_sphereface.contract import (
    MANIFEST_NAME,
    Calibration,
    FaceInput,
    Manifest,
    ManifestError,
    OperatingPoint,
    ScoreHistogram,
    folder_checksum,
    seal,
)
from keras_sphereface.edge import (
    FaceVerifier,
    read_manifest,
    replace_manifest,
    seal_with_key,
)

KEY = b"0123456789abcdef"
POINTS = (OperatingPoint(0.02, 0.345, impostor_pairs=5000, data="mine"),)


def write_onnx(path):
    """Flattened pixels times random weights, with a manifest."""
    pytest.importorskip("onnxruntime")
    onnx = pytest.importorskip("onnx")
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    weights = np.random.default_rng(0).standard_normal((8 * 6 * 3, 5))
    graph = helper.make_graph(
        [
            helper.make_node("Flatten", ["images"], ["flat"]),
            helper.make_node("MatMul", ["flat", "w"], ["embeddings"]),
        ],
        "graph",
        [helper.make_tensor_value_info("images", kind, ["n", 8, 6, 3])],
        [helper.make_tensor_value_info("embeddings", kind, ["n", 5])],
        [onnx.numpy_helper.from_array(weights.astype("float32"), "w")],
    )
    opset = helper.make_opsetid("", 17)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=8)
    manifest = Manifest(FaceInput(8, 6), 5, package_version="0.1.0")
    entry = model.metadata_props.add()
    entry.key, entry.value = MANIFEST_NAME, manifest.to_json()
    path.write_bytes(seal(model.SerializeToString()))


@pytest.fixture(params=["tflite", "onnx", "folder"])
def model(request, exported, tmp_path):
    """A model of each kind, and what its embeddings are."""
    path = tmp_path / "face"
    if request.param == "folder":
        path.mkdir()
        (path / "saved_model.pb").write_bytes(b"graph")
        manifest = Manifest(FaceInput(), 8, package_version="0.1.0")
        checksum = folder_checksum(path, without="manifest.json")
        sealed = dataclasses.replace(manifest, checksum=checksum)
        (path / "manifest.json").write_text(sealed.to_json())
        return path, lambda: (path / "saved_model.pb").read_bytes()
    path = path.with_suffix(f".{request.param}")
    if request.param == "tflite":
        path.write_bytes(exported.path.read_bytes())
    else:
        write_onnx(path)
    verifier = FaceVerifier(path)
    images = np.random.default_rng(0).integers(
        0, 256, (3, *verifier.manifest.input.shape), np.uint8
    )
    return path, lambda: FaceVerifier(path).embed(images)


@pytest.mark.parametrize("bins", [2, 500], ids=["shorter", "longer"])
def test_the_manifest_is_another_and_the_model_is_not(model, bins):
    path, answer = model
    before, manifest = answer(), read_manifest(path)
    changed = dataclasses.replace(
        manifest,
        operating_points=POINTS,
        calibration=Calibration(17.0, -3.5, 0.5),
        histogram=ScoreHistogram((1,) * bins, (2,) * bins),
        training={},
        model_checksum=manifest.checksum,
    )
    for _ in range(2):
        replace_manifest(path, changed)
        found = read_manifest(path)
        # The checksum of a folder is that of its other files.
        assert (found.checksum == manifest.checksum) is path.is_dir()
        assert dataclasses.replace(found, checksum=changed.checksum) == changed
    np.testing.assert_array_equal(answer(), before)


def test_a_file_that_was_changed_is_not_sealed_again(model):
    path, _ = model
    manifest = read_manifest(path)
    file = path / "saved_model.pb" if path.is_dir() else path
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(ManifestError):
        replace_manifest(path, manifest)
    assert file.read_bytes() == content


def test_the_key_of_before_seals_it_again(model):
    path, _ = model
    seal_with_key(path, KEY)
    manifest = read_manifest(path, KEY)
    changed = dataclasses.replace(manifest, operating_points=POINTS)
    with pytest.raises(ManifestError):
        replace_manifest(path, changed)
    replace_manifest(path, changed, key=KEY)
    assert read_manifest(path, KEY).operating_points == POINTS
    with pytest.raises(ManifestError):
        read_manifest(path)


def test_a_folder_of_others_has_no_manifest(tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(b"graph")
    with pytest.raises(ManifestError, match="no keras_sphereface manifest"):
        read_manifest(tmp_path)
