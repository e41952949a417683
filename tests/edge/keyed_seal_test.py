import shutil

import numpy as np
import pytest

from keras_sphereface.contract import MANIFEST_FILE, Manifest, ManifestError
from keras_sphereface.edge import FaceVerifier, seal_with_key
from keras_sphereface.edge.keyed_seal import read_folder_manifest
from keras_sphereface.files import folder_checksum

KEY = bytes(range(32))


@pytest.fixture
def file(exported, tmp_path):
    return shutil.copy(exported.path, tmp_path / "face.tflite")


@pytest.fixture
def folder(exported, tmp_path):
    """A folder that stands for a SavedModel, with a manifest beside it."""
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "saved_model.pb").write_bytes(b"graph")
    manifest = FaceVerifier(exported.path).manifest
    (folder / MANIFEST_FILE).write_text(with_checksum(manifest, folder))
    return folder


def with_checksum(manifest, folder):
    checksum = folder_checksum(folder, without=MANIFEST_FILE)
    return manifest.to_json().replace(manifest.checksum, checksum)


def test_a_file_with_a_key_is_opened_with_it_alone(file, exported):
    plain = FaceVerifier(file)
    seal_with_key(file, KEY)
    verifier = FaceVerifier(file, key=KEY)
    np.testing.assert_array_equal(
        verifier.embed(exported.images), plain.embed(exported.images)
    )
    assert verifier.operating_point == plain.operating_point
    assert verifier.model != plain.model
    for key in (None, KEY[::-1]):
        with pytest.raises(ManifestError, match=r"sealed with another key"):
            FaceVerifier(file, key=key)
    with pytest.raises(ManifestError, match=r"sealed with another key"):
        FaceVerifier(exported.path, key=KEY)
    with pytest.raises(ManifestError, match=r"sealed with another key"):
        seal_with_key(file, KEY)  # it is sealed already


def test_a_folder_with_a_key_is_opened_with_it_alone(folder):
    plain = read_folder_manifest(folder)
    seal_with_key(folder, KEY)
    sealed = read_folder_manifest(folder, KEY)
    assert sealed.operating_points == plain.operating_points
    for key in (None, KEY[::-1]):
        with pytest.raises(ManifestError, match=r"sealed with another key"):
            read_folder_manifest(folder, key)


def test_thresholds_beside_a_folder_are_sealed_with_a_key_only(folder):
    def lower_threshold():
        path = folder / MANIFEST_FILE
        text = path.read_text()
        threshold = Manifest.from_json(text).operating_points[0].threshold
        path.write_text(
            text.replace(f'"threshold": {threshold}', '"threshold": -1.0')
        )

    lower_threshold()
    read_folder_manifest(folder)  # a plain checksum is that of the files
    seal_with_key(folder, KEY)
    read_folder_manifest(folder, KEY)
    path = folder / MANIFEST_FILE
    path.write_text(path.read_text().replace("-1.0", "-0.5"))
    with pytest.raises(ManifestError, match=r"is not what the exporter"):
        read_folder_manifest(folder, KEY)


def test_folders_of_others_are_refused_with_a_key_only(tmp_path):
    assert read_folder_manifest(tmp_path) is None
    with pytest.raises(ManifestError, match=r"folder has no manifest"):
        read_folder_manifest(tmp_path, KEY)
    with pytest.raises(ManifestError, match=r"`ks.export` writes"):
        seal_with_key(tmp_path, KEY)
