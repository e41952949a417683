import numpy as np
import pytest

from keras_sphereface import edge
from keras_sphereface.contract import (
    MANIFEST_NAME,
    FaceInput,
    Manifest,
    ManifestError,
    OperatingPoint,
    seal,
)

SHAPE = (4, 3, 3)


@pytest.fixture(autouse=True)
def _registry_of_one_test(monkeypatch):
    ours = edge.registry
    monkeypatch.setattr(ours._ENGINES, "_things", dict(ours._ENGINES._things))
    monkeypatch.setattr(ours, "_MANIFEST_READERS", dict(ours._MANIFEST_READERS))


class PixelsEngine:
    """A network that is one matrix, behind the manifest in the file."""

    input_shape, input_dtype, fixed_batch = SHAPE, np.float32, None

    def __init__(self, artifact, threads):
        _, matrix = artifact.content.split(b"\0", 1)
        self.matrix = np.frombuffer(matrix, "float32").reshape(36, -1)
        self.embedding_dim = self.matrix.shape[1]

    def embed(self, images):
        rows = np.float32(images).reshape(len(images), -1) @ self.matrix
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def read_manifest(content, name):
    assert name == MANIFEST_NAME
    text, separator, _ = content.partition(b"\0")
    if not separator:
        raise ValueError("it has no matrix")
    return text or None


@pytest.fixture
def path(tmp_path):
    manifest = Manifest(
        FaceInput(height=SHAPE[0], width=SHAPE[1]),
        5,
        (OperatingPoint(far=0.1, threshold=0.9),),
        package_version="0.1.0",
    )
    matrix = np.random.default_rng(0).normal(size=(36, 5)).astype("float32")
    path = tmp_path / "face.pixels"
    text = manifest.to_json().encode()
    path.write_bytes(seal(text + b"\0" + matrix.tobytes()))
    return path


def test_ours_are_litert_and_onnx():
    assert edge.names() == [".onnx", ".tflite"]


def test_a_file_of_a_users_runtime_is_verified(path):
    with pytest.raises(ValueError, match=r"'\.onnx', '\.tflite'"):
        edge.FaceVerifier(path)
    edge.register(".pixels", PixelsEngine, read_manifest=read_manifest)
    verifier = edge.FaceVerifier(path)
    images = np.random.default_rng(1).integers(0, 256, (2, *SHAPE), "uint8")
    assert verifier.embed(images).shape == (2, 5)
    assert verifier.verify(images[0], images[0]).same
    capitals = path.rename(path.with_name("FACE.PIXELS"))
    assert edge.FaceVerifier(capitals).manifest.embedding_dim == 5


def test_it_must_be_what_its_exporter_wrote(path):
    edge.register(".pixels", read_manifest=read_manifest)(PixelsEngine)
    content = path.read_bytes()
    path.write_bytes(content[:-4] + bytes(4))
    with pytest.raises(ManifestError, match="checksum"):
        edge.FaceVerifier(path)
    path.write_bytes(b"nothing")
    with pytest.raises(ValueError, match=r"pixels file is damaged \(it has no"):
        edge.FaceVerifier(path)
    path.write_bytes(b"\0")
    with pytest.raises(ManifestError, match="pixels file has no"):
        edge.FaceVerifier(path)


@pytest.mark.parametrize(
    ("suffix", "message"),
    [
        ("pixels", r"`suffix` must be the end.*'pixels'"),
        (".Pixels", r"`suffix`.*lower case.*'\.Pixels'"),
        (".onnx", r"another engine.*'\.onnx'"),
    ],
)
def test_a_wrong_suffix_is_refused(suffix, message):
    with pytest.raises(ValueError, match=message):
        edge.register(suffix, PixelsEngine, read_manifest=read_manifest)
