"""Every writer of the package, on a file system that takes 600 bytes."""

import contextlib
import resource

import keras
import numpy as np
import pytest
from galleries import random_gallery
from PIL import Image
from record_files import encoded

from keras_sphereface import files
from keras_sphereface.alignment import DetectedFace, align_folder
from keras_sphereface.alignment.contact_sheet import write_contact_sheet
from keras_sphereface.contract import FIVE_POINT_TEMPLATE
from keras_sphereface.data import (
    ImageFolder,
    LeftOutImage,
    TFRecordFolder,
    listing_cache,
    write_left_out,
    write_tfrecords,
)
from keras_sphereface.evaluation import extract_embeddings
from keras_sphereface.export import export_saved_model
from keras_sphereface.reports import plot_roc
from keras_sphereface.reports.html_page import write_page
from keras_sphereface.reports.sphere_plot import plot_sphere

FITS = 600
NOISE = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 3), np.uint8)


@contextlib.contextmanager
def full_disk():
    """No file grows past some bytes; the last write is cut short first."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (FITS, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def write_keras(path):
    with files.new_file(path) as temporary:
        keras.Sequential([keras.Input((20,)), keras.layers.Dense(50)]).save(
            temporary
        )


def write_noise(path):
    with files.new_stream(path) as stream:
        Image.fromarray(NOISE.reshape(64, 40, 3)).save(stream, "JPEG")


def save_gallery(path):
    gallery, _ = random_gallery(np.random.default_rng(0), 5, 40)
    gallery.save(path)


def write_curves(path):
    pytest.importorskip("matplotlib")
    plot_roc({"toy": (np.arange(4.0), np.arange(4) > 1)}, path)


def write_sphere(path):
    pytest.importorskip("matplotlib")
    panel = np.eye(3), np.arange(3), np.eye(3)
    plot_sphere({"toy": panel}, path)


def write_rows(path):
    extract_embeddings(
        lambda images: images.reshape(len(images), -1) + 1.0, NOISE, path
    )


WRITERS = {
    "report.json": lambda path: files.write_json(path, list(range(900))),
    "face.jpg": write_noise,
    "model.keras": write_keras,
    "page.html": lambda path: write_page(path, "", "", ["text " * 900]),
    "roc.png": write_curves,
    "roc.svg": write_curves,
    "sphere.png": write_sphere,
    "sheet.png": lambda path: write_contact_sheet(path, NOISE, (8, 8)),
    "people.gallery": save_gallery,
    "left_out.csv": lambda path: write_left_out(
        path, [LeftOutImage(f"image {n}") for n in range(900)]
    ),
}


@pytest.mark.parametrize("older", [True, False])
@pytest.mark.parametrize("name", WRITERS)
def test_a_file_is_whole_or_as_it_was(tmp_path, name, older):
    path = tmp_path / name
    if older:
        path.write_bytes(b"older")
    with full_disk(), pytest.raises(OSError, match=name):
        WRITERS[name](path)
    assert list(tmp_path.iterdir()) == ([path] if older else [])
    if older:
        assert path.read_bytes() == b"older"
    WRITERS[name](path)
    assert path.stat().st_size > FITS


def test_rows_that_were_written_are_taken_up_again(tmp_path):
    path = tmp_path / "rows.npy"
    with full_disk(), pytest.raises(OSError, match=r"rows\.npy\.partial"):
        write_rows(path)
    assert not path.exists()
    write_rows(path)
    assert np.load(path).shape == (40, 192)
    assert list(tmp_path.iterdir()) == [path]


def test_crops_and_their_log_are_whole(tmp_path):
    source, out = tmp_path / "photographs", tmp_path / "out"
    source.mkdir()
    face = np.random.default_rng(1).integers(0, 256, (112, 112, 3), np.uint8)
    for number in range(2):
        Image.fromarray(face).save(source / f"{number}.png")

    def detect(image):
        return [
            DetectedFace(np.array([0, 0, 112, 112]), FIVE_POINT_TEMPLATE, 1.0)
        ]

    for quality, suffix in ((95, "jpg"), (0, "png")):
        with full_disk(), pytest.raises(OSError, match=rf"0\.{suffix}"):
            align_folder(source, out, detector=detect, quality=quality)
        assert [path.name for path in out.iterdir()] == ["alignment.csv"]
        assert (out / "alignment.csv").read_bytes().count(b"\n") == 1
    align_folder(source, out, detector=detect)
    assert (out / "alignment.csv").read_bytes().count(b"\n") == 3


def test_shards_are_whole_and_written_again(tmp_path):
    for person in "ab":
        (tmp_path / "faces" / person).mkdir(parents=True)
        for seed in range(4):
            path = tmp_path / "faces" / person / f"{seed}.png"
            path.write_bytes(encoded(seed, "PNG"))
    faces = ImageFolder(tmp_path / "faces", image_size=(16, 12))
    out = tmp_path / "out"
    with full_disk(), pytest.raises(OSError, match=r"faces-00000-of-00001"):
        write_tfrecords(faces, out)
    assert list(out.iterdir()) == []
    write_tfrecords(faces, out)
    assert [image for image, _ in TFRecordFolder(out)] == [
        image for image, _ in faces
    ]


def test_a_saved_model_is_whole_or_not_there(tmp_path):
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3), name="images"),
            keras.layers.Flatten(),
            keras.layers.Dense(8),
        ]
    )
    with full_disk(), pytest.raises(OSError, match="saved_model"):
        export_saved_model(model, tmp_path / "saved_model")
    assert list(tmp_path.iterdir()) == []


def test_a_listing_that_cannot_be_kept_costs_time_only(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_SPHEREFACE_CACHE", str(tmp_path))
    with full_disk():
        listing_cache.write_listing("a", "digest", {"names": NOISE})
    assert list(tmp_path.iterdir()) == []
    assert listing_cache.read_listing("a", "digest") is None
