import shutil

import pytest

from keras_sphereface.edge.artifact_file import ArtifactFile


def test_a_file_is_read_with_its_manifest(exported, tmp_path):
    artifact = ArtifactFile.read(str(exported.path))
    assert artifact.content == exported.path.read_bytes()
    assert artifact.suffix == ".tflite"
    assert artifact.name == str(exported.path)
    assert b'"embedding_dim": 12' in artifact.manifest_text
    capitals = tmp_path / "FACE.TFLITE"
    shutil.copy(exported.path, capitals)
    assert ArtifactFile.read(capitals).suffix == ".tflite"


@pytest.mark.parametrize("name", ["face.tflite", "face.onnx", "face.txt"])
def test_a_missing_file_is_named(tmp_path, name):
    with pytest.raises(FileNotFoundError, match=rf"no model file.*{name}"):
        ArtifactFile.read(tmp_path / name)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 a zip file", b"x" * 999])
def test_a_file_of_another_kind_is_refused(tmp_path, content):
    path = tmp_path / "face.tflite"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"be a TFLite file.*face\.tflite"):
        ArtifactFile.read(path)


def test_another_suffix_is_refused_with_those_there_are(tmp_path):
    path = tmp_path / "face.keras"
    path.write_bytes(b"x")
    with pytest.raises(ValueError, match=r"'\.onnx', '\.tflite'.*face\.keras"):
        ArtifactFile.read(path)


@pytest.mark.parametrize("suffix", [".tflite", ".onnx"])
def test_damage_is_named(tmp_path, suffix):
    path = tmp_path / f"face{suffix}"
    path.write_bytes(b"\xff\xff\xff\x7fTFL3")
    with pytest.raises(
        ValueError, match=rf"{suffix[1:]} file is damaged.*face"
    ):
        ArtifactFile.read(path)
