"""Sets of every format without the images on a list."""

import numpy as np
import pytest
from record_files import IMAGES, LABELS, write_records

from keras_sphereface.data import (
    ImageFolder,
    LeftOutImage,
    RecordDataset,
    SelectedFaces,
    TFRecordFolder,
    open_faces,
    training_dataset,
    write_left_out,
    write_tfrecords,
)

LEFT_OUT = (1, 4, 9)
KEPT = [place for place in range(10) if place not in LEFT_OUT]


@pytest.fixture
def sets(tmp_path, source, shards):
    records = write_records(tmp_path / "rec", IMAGES, LABELS)
    return {
        "image_folder": source,
        "record_dataset": RecordDataset(records),
        "tfrecord_folder": TFRecordFolder(shards),
    }


def test_sizes_are_those_of_the_encoded_images(sets):
    for name, faces in sets.items():
        expected = [len(image) for image, _ in faces]
        assert len(set(expected)) > 1
        assert faces.sizes().tolist() == expected, name
        kept = SelectedFaces(faces, [faces.key_of(one) for one in LEFT_OUT])
        assert kept.sizes().tolist() == [expected[one] for one in KEPT], name


FORMATS = ["image_folder", "record_dataset", "tfrecord_folder"]


@pytest.mark.parametrize("name", FORMATS)
def test_listed_images_are_left_out_of_every_format(name, sets, tmp_path):
    faces = sets[name]
    listed = [
        LeftOutImage(faces.key_of(one), int(faces.labels[one]), 80.0, "far")
        for one in LEFT_OUT
    ]
    path = tmp_path / "left_out.csv"
    write_left_out(path, listed)
    selected = SelectedFaces(faces, path)
    whole = list(faces)
    assert list(selected) == [whole[place] for place in KEPT]
    assert selected.labels.tolist() == [LABELS[place] for place in KEPT]
    assert selected.identities == faces.identities
    assert set(selected.unreadable.values()) == {"far"}
    assert list(selected.unreadable) == [faces.name_of(one) for one in LEFT_OUT]
    images, labels = selected.load()
    np.testing.assert_array_equal(images, faces.load()[0][KEPT])
    assert selected.key_of(1) == faces.key_of(2)
    batches = training_dataset(
        selected, batch_size=7, shuffle=False, flip=False
    )
    ((pixels, targets),) = list(batches)
    np.testing.assert_array_equal(targets, labels)
    np.testing.assert_array_equal(pixels, images)


@pytest.mark.parametrize("name", FORMATS)
def test_names_do_not_depend_on_where_the_set_lies(name, sets, tmp_path):
    faces = sets[name]
    for position in range(len(faces)):
        assert str(tmp_path) not in faces.key_of(position)
    assert len({faces.key_of(one) for one in range(10)}) == 10


def test_open_faces_leaves_out_by_file_or_by_name(source, tmp_path):
    options = {"image_size": (16, 12)}
    name = source.key_of(3)
    (tmp_path / "list.csv").write_text(f"image\n{name}\n")
    for leave_out in (tmp_path / "list.csv", [name]):
        faces = open_faces(source.folder, leave_out=leave_out, **options)
        assert len(faces) == 9
        assert source.name_of(3) in faces.unreadable
    whole = open_faces(source.folder, **options)
    assert isinstance(whole, ImageFolder)


def test_a_selection_becomes_shards(source, tmp_path):
    selected = SelectedFaces(source, [source.key_of(0)])
    write_tfrecords(selected, tmp_path / "clean")
    assert list(TFRecordFolder(tmp_path / "clean")) == list(selected)


def test_a_name_that_is_not_in_the_set_is_an_error(source):
    with pytest.raises(
        ValueError, match=r"as 'person 0/0.jpg' is named.*nobody/1.jpg$"
    ):
        SelectedFaces(source, ["person 0/1.jpg", "nobody/1.jpg"])


def test_an_image_that_was_left_out_before_may_be_listed(source):
    source.unreadable[f"{source.folder}/person 0/broken.jpg"] = "truncated"
    selected = SelectedFaces(source, ["person 0/broken.jpg"])
    assert len(selected) == 10
    assert selected.unreadable == source.unreadable
    # A part of its name is another name.
    with pytest.raises(ValueError, match=r"Received: person 0/broken$"):
        SelectedFaces(source, ["person 0/broken"])


@pytest.mark.parametrize("name", FORMATS)
def test_a_selection_of_a_selection_takes_both_lists(name, sets):
    faces = sets[name]
    first, second = faces.key_of(1), faces.key_of(4)
    selected = SelectedFaces(SelectedFaces(faces, [first]), [first, second])
    assert len(selected) == 8
    assert list(selected.unreadable) == [faces.name_of(1), faces.name_of(4)]


@pytest.mark.parametrize("name", FORMATS)
def test_a_list_of_all_images_is_an_error(name, sets):
    faces = sets[name]
    with pytest.raises(ValueError, match=r"`leave_out` must leave.*all 10$"):
        SelectedFaces(faces, [faces.key_of(one) for one in range(10)])


def test_identities_without_an_image_left_are_named(source):
    with pytest.warns(UserWarning, match=r"1 identities: person 1\."):
        selected = SelectedFaces(source, [source.key_of(one) for one in (3, 4)])
    assert selected.num_classes == 3
    assert sorted(set(selected.labels.tolist())) == [0, 2]
