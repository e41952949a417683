import errno
import json
import os
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_sphereface.contract import (
    Manifest,
    ManifestError,
    OperatingPoint,
    read_image,
)
from keras_sphereface.export import (
    ExportError,
    export_saved_model,
    open_embedder,
    saved_model,
)

POINT = OperatingPoint(far=0.01, threshold=0.42)


@pytest.fixture(scope="module")
def exported(embedder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("export") / "face_model"
    report = export_saved_model(
        embedder, folder, operating_points=[POINT], training={"margin": 1.4}
    )
    return folder, report


def half_written(error):
    """Writes half of a SavedModel, then fails as a full disk or Ctrl-C does."""

    def write_signatures(embedder, folder):
        (folder / "saved_model.pb").write_bytes(b"half")
        raise error

    return write_signatures


def test_every_signature_returns_the_unit_embeddings_of_keras(
    exported, embedder, faces, unit
):
    signatures = tf.saved_model.load(exported[0]).signatures
    pixels = tf.constant(faces, tf.float32)
    expected = unit(embedder(pixels))
    for name, images in (
        ("embed", pixels),
        ("serving_default", pixels),
        ("embed_uint8", tf.constant(faces)),
    ):
        embeddings = signatures[name](images=images)["embeddings"]
        assert embeddings.dtype == tf.float32
        np.testing.assert_allclose(embeddings, expected, atol=1e-5)


def test_verify_returns_the_cosines_of_two_batches(
    exported, embedder, faces, unit
):
    signatures = tf.saved_model.load(exported[0]).signatures
    a, b = unit(embedder(faces[:3])), unit(embedder(faces[3:6]))
    expected = [sum(x * y) for x, y in zip(a, b, strict=True)]
    for name, dtype in (("verify", tf.float32), ("verify_uint8", tf.uint8)):
        scores = signatures[name](
            images_a=tf.constant(faces[:3], dtype),
            images_b=tf.constant(faces[3:6], dtype),
        )["scores"]
        np.testing.assert_allclose(scores, expected, atol=1e-5)


def test_a_changed_file_is_noticed_when_it_is_opened(
    exported, embedder, faces, tmp_path
):
    copy = tmp_path / "face_model"
    shutil.copytree(exported[0], copy)
    open_embedder(copy)(faces[:1])
    with open(copy / "variables" / "variables.index", "ab") as file:
        file.write(b"x")
    with pytest.raises(ManifestError, match="not what the exporter wrote"):
        open_embedder(copy)


def test_loads_in_a_process_without_this_package(
    exported, embedder, faces, unit, tmp_path
):
    np.save(tmp_path / "faces.npy", faces[:2].astype(np.float32))
    program = (
        "import sys\n"
        "class Blocker:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'keras_sphereface':\n"
        "            raise ImportError(f'{name} is blocked')\n"
        "sys.meta_path.insert(0, Blocker())\n"
        "import numpy as np, tensorflow as tf\n"
        "folder, images, embeddings = sys.argv[1:]\n"
        "embed = tf.saved_model.load(folder).signatures['embed']\n"
        "images = tf.constant(np.load(images))\n"
        "np.save(embeddings, embed(images=images)['embeddings'].numpy())\n"
    )
    paths = [exported[0], tmp_path / "faces.npy", tmp_path / "embeddings.npy"]
    subprocess.run(
        [sys.executable, "-c", program, *map(str, paths)],
        check=True,
        cwd=tmp_path,
    )
    np.testing.assert_allclose(
        np.load(paths[2]), unit(embedder(faces[:2])), atol=1e-5
    )


def test_encoded_crops_are_embedded_in_a_process_without_this_package(
    exported, embedder, faces, unit, tmp_path
):
    """As a server does it, which has TensorFlow alone."""
    for index, face in enumerate(faces[:3]):
        Image.fromarray(face).save(tmp_path / f"{index}.png")
        Image.fromarray(face).save(tmp_path / f"{index}.jpg", quality=90)
    (tmp_path / "3.png").write_bytes(b"no image")
    program = (
        "import pathlib, sys\n"
        "import numpy as np, tensorflow as tf\n"
        "folder, images = sys.argv[1:]\n"
        "paths = sorted(pathlib.Path(images).glob('[0-9].*'))\n"
        "run = tf.saved_model.load(folder).signatures['embed_encoded']\n"
        "files = tf.constant([path.read_bytes() for path in paths])\n"
        "found = run(image_bytes=files)\n"
        "assert 'keras_sphereface' not in sys.modules\n"
        "np.save(images + '/embeddings.npy', found['embeddings'])\n"
        "np.save(images + '/errors.npy', found['errors'].numpy().astype('S'))\n"
    )
    subprocess.run(
        [sys.executable, "-c", program, str(exported[0]), str(tmp_path)],
        check=True,
        cwd=tmp_path,
        env={key: os.environ[key] for key in os.environ if key != "PYTHONPATH"},
    )
    embeddings = np.load(tmp_path / "embeddings.npy")
    names = [f"{index}.{kind}" for index in range(3) for kind in ("jpg", "png")]
    pixels = np.stack([read_image(tmp_path / name) for name in names])
    np.testing.assert_allclose(
        embeddings[:6], unit(embedder(pixels)), atol=1e-5
    )
    assert not embeddings[6].any()
    errors = np.load(tmp_path / "errors.npy")
    assert list(errors != b"") == [False] * 6 + [True]


def test_versions_stand_side_by_side_and_are_never_replaced(
    embedder, make_embedder, tmp_path
):
    models = tmp_path / "face_model"
    export_saved_model(embedder, models, version=1)
    report = export_saved_model(make_embedder(seed=3), models, version=12)
    assert report.path == str(models / "12")
    report.write()
    assert sorted(path.name for path in models.iterdir() if path.is_dir()) == [
        "1",
        "12",
    ]
    for version in ("1", "12"):
        open_embedder(models / version)  # checks its manifest
    before = (models / "1" / "manifest.json").read_bytes()
    with pytest.raises(ValueError, match=r"`version` must be new.*version=1,"):
        export_saved_model(make_embedder(seed=3), models, version=1)
    assert (models / "1" / "manifest.json").read_bytes() == before


def test_a_version_that_came_meanwhile_stays(embedder, tmp_path, monkeypatch):
    write = saved_model.write_signatures

    def slow(embedder, folder):
        write(embedder, folder)
        (tmp_path / "models" / "1").mkdir()
        (tmp_path / "models" / "1" / "saved_model.pb").write_bytes(b"other")

    monkeypatch.setattr(saved_model, "write_signatures", slow)
    with pytest.raises(OSError, match="not empty"):
        export_saved_model(embedder, tmp_path / "models", version=1)
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["1"]
    content = (tmp_path / "models" / "1" / "saved_model.pb").read_bytes()
    assert content == b"other"


@pytest.mark.parametrize("version", [0, -1, 1.5, "1", True])
def test_a_version_is_a_number_from_one_on(embedder, tmp_path, version):
    with pytest.raises(ValueError, match=r"`version` must be an integer"):
        export_saved_model(embedder, tmp_path / "models", version=version)
    assert not list(tmp_path.iterdir())


def test_versions_go_into_no_saved_model(embedder, exported):
    with pytest.raises(ValueError, match=r"`folder` must hold one folder for"):
        export_saved_model(embedder, exported[0], version=1)


def test_the_folder_carries_its_manifest(exported):
    text = (exported[0] / "manifest.json").read_text("utf-8")
    manifest = Manifest.from_json(text)
    assert manifest.operating_points == (POINT,)
    assert manifest.embedding_dim == 32
    assert manifest.quantization == "float32"
    assert json.loads(text)["training"] == {"margin": 1.4}


def test_the_report_tells_size_and_parity(exported):
    folder, report = exported
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert report.path == str(folder)
    assert report.size_bytes == sum(path.stat().st_size for path in files)
    assert 0 <= report.score_error < 1e-5


def test_an_embedding_of_zeros_stays_zeros(tmp_path):
    images = keras.Input((8, 8, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(images)
    embeddings = keras.layers.Dense(4, use_bias=False)(pooled)
    export_saved_model(keras.Model(images, embeddings), tmp_path / "model")
    embed = tf.saved_model.load(tmp_path / "model").signatures["embed"]
    black = embed(images=tf.zeros((2, 8, 8, 3)))["embeddings"]
    np.testing.assert_array_equal(black, np.zeros((2, 4)))


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "disk full"), KeyboardInterrupt()]
)
@pytest.mark.parametrize("older", [False, True])
def test_an_interrupted_export_leaves_no_half_folder(
    embedder, exported, tmp_path, monkeypatch, error, older
):
    folder = tmp_path / "face_model"
    if older:
        folder.mkdir()
        (folder / "saved_model.pb").write_bytes(b"older")
    monkeypatch.setattr(saved_model, "write_signatures", half_written(error))
    with pytest.raises(type(error)):
        export_saved_model(embedder, folder)
    assert list(tmp_path.iterdir()) == ([folder] if older else [])
    if older:
        assert (folder / "saved_model.pb").read_bytes() == b"older"


def test_a_folder_with_other_files_is_left_alone(embedder, tmp_path):
    (tmp_path / "thesis.txt").write_text("three years")
    with pytest.raises(ValueError, match=r"`folder` must be new, empty"):
        export_saved_model(embedder, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_other_scores_than_keras_are_an_error_and_no_folder(
    embedder, make_embedder, tmp_path, monkeypatch
):
    other = make_embedder(seed=9)
    write = saved_model.write_signatures
    monkeypatch.setattr(
        saved_model,
        "write_signatures",
        lambda embedder, *args: write(other, *args),
    )
    with pytest.raises(ExportError, match="does not equal its Keras model"):
        export_saved_model(embedder, tmp_path / "face_model")
    assert not list(tmp_path.iterdir())


def test_a_wrong_embedder_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(ValueError, match=r"`embedder` must be a keras.Model"):
        export_saved_model("embedder.keras", tmp_path / "face_model")
    assert not list(tmp_path.iterdir())
