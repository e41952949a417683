"""A format of training sets of a user's own."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from record_files import encoded

from keras_sphereface import data
from keras_sphereface.training import DataConfig, load_faces


class ListedFaces(data.EncodedFaces):
    """Images that a text file lists, one and its person per line."""

    def __init__(self, path, *, image_size=(16, 12), check_images=True):
        super().__init__(image_size)
        rows = [line.split() for line in Path(path).read_text().splitlines()]
        self.paths = [str(Path(path).parent / name) for name, _ in rows]
        people = [person for _, person in rows]
        self.identities = sorted(set(people))
        self.labels = np.int32([self.identities.index(one) for one in people])
        if check_images:
            assert not self.examine()

    def read_bytes(self, position):
        return Path(self.paths[position]).read_bytes()

    def bytes_reader(self):
        paths = tf.constant(self.paths)
        return lambda position: tf.io.read_file(tf.gather(paths, position))

    def name_of(self, position):
        return self.paths[position]


@pytest.fixture(autouse=True)
def _registry_of_one_test(monkeypatch):
    ours = data.registry
    monkeypatch.setattr(ours._FORMATS, "_things", dict(ours._FORMATS._things))
    monkeypatch.setattr(ours, "_HOLDS", dict(ours._HOLDS))


@pytest.fixture
def path(tmp_path):
    for number in range(4):
        (tmp_path / f"{number}.jpg").write_bytes(encoded(number))
    path = tmp_path / "faces.list"
    path.write_text("0.jpg Bob\n1.jpg Ann\n2.jpg Ann\n3.jpg Bob\n")
    return path


def check(faces):
    assert type(faces) is ListedFaces
    assert faces.identities == ["Ann", "Bob"]
    dataset = data.training_dataset(faces, batch_size=4, seed=0)
    images, labels = next(iter(dataset))
    assert images.shape == (4, 16, 12, 3)
    assert sorted(labels.numpy()) == [0, 0, 1, 1]


def test_ours_have_names():
    assert data.names() == ["image_folder", "record_dataset", "tfrecord_folder"]


def test_a_format_goes_by_its_name(path):
    assert data.register("listed", ListedFaces) is ListedFaces
    check(data.open_faces(path, format="listed", check_images=False))
    with pytest.raises(ValueError, match="one sub-folder per identity"):
        data.open_faces(path)


def test_a_format_is_told_by_what_it_holds(path):
    @data.register("listed", holds=lambda path: path.endswith(".list"))
    def open_listed(path, **settings):
        return ListedFaces(path, **settings)

    check(data.open_faces(path, image_size=(16, 12)))
    with pytest.raises(ValueError, match="`identities` must be those"):
        data.open_faces(path, identities=["Ann", "Cyd"])


def test_a_config_names_a_format_of_any_module(path):
    config = DataConfig(
        folder=str(path),
        format=f"{__name__}:ListedFaces",
        image_size=(16, 12),
    )
    check(load_faces(config).source)


@pytest.mark.parametrize(
    ("format", "message"),
    [
        ("listed", r"`name` must be one of.*'image_folder'.*'listed'"),
        (f"{__name__}:open_nothing", "must open a set as EncodedFaces"),
    ],
)
def test_a_wrong_format_is_refused(path, format, message):
    with pytest.raises(ValueError, match=message):
        data.open_faces(path, format=format)


def open_nothing(path, **settings):
    """An opener that opens nothing."""
