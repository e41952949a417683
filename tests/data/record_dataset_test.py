import os
import struct
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from record_files import (
    MAGIC,
    encoded,
    payload,
    write_as_im2rec,
    write_as_rec_builder,
    write_records,
)

from keras_sphereface.contract import read_image
from keras_sphereface.data import (
    ImageFolder,
    RecordDataset,
    listing_cache,
    open_faces,
    training_dataset,
)

SHARED = Path(__file__).parents[2] / ".." / "shared" / "faces"
SAMPLE = SHARED / "formats" / "faces_sample_112x112"
LABELS = [0, 0, 0, 1, 1, 2, 2, 2, 2]
IMAGES = [encoded(seed) for seed in range(len(LABELS))]


@pytest.fixture
def folder(tmp_path):
    return write_records(tmp_path / "faces", IMAGES, LABELS)


def pass_over(faces):
    """Images and labels as a pipeline gives them, in the order of the set."""
    dataset = training_dataset(
        faces, 4, shuffle=False, flip=False, drop_remainder=False
    )
    images, labels = zip(*dataset, strict=True)
    return np.concatenate(images), np.concatenate(labels)


def test_gives_the_bytes_and_labels_that_were_written(folder):
    faces = RecordDataset(folder)
    assert list(faces) == list(zip(IMAGES, LABELS, strict=True))
    assert len(faces) == 9
    assert faces.num_classes == 3
    assert faces.image_size == (16, 12)
    assert faces.unreadable == {}
    assert faces.keys.tolist() == list(range(1, 10))


def test_a_pipeline_gives_the_same_pixels_as_load(folder):
    faces = RecordDataset(folder)
    images, labels = faces.load()
    piped_images, piped_labels = pass_over(faces)
    np.testing.assert_array_equal(piped_images, images)
    np.testing.assert_array_equal(piped_labels, labels)
    expected = [
        tf.io.decode_jpeg(i, 3, dct_method="INTEGER_ACCURATE") for i in IMAGES
    ]
    np.testing.assert_array_equal(images, expected)


def test_one_file_may_be_named_and_png_and_jpeg_may_be_mixed(tmp_path):
    images = [encoded(0, "PNG"), encoded(1), encoded(2, "PNG")]
    folder = write_records(tmp_path, images, [0, 0, 1])
    faces = RecordDataset(folder / "train.rec")
    assert [image for image, _ in faces] == images
    assert len(pass_over(faces)[0]) == 3


def test_the_first_of_an_array_of_labels_is_the_identity(tmp_path):
    labels = [[0, 7.5], [1, 3], [1, 4, 5]]
    folder = write_records(tmp_path, IMAGES[:3], labels, ranges=False)
    faces = RecordDataset(folder)
    assert faces.labels.tolist() == [0, 1, 1]
    assert [image for image, _ in faces] == IMAGES[:3]


@pytest.mark.parametrize("repeats", [1, 2, 5])
def test_records_cut_into_parts_are_joined(tmp_path, repeats):
    # A JPEG may go on behind its end, so the magic can stand there, aligned
    # as the header of 24 bytes leaves it.
    image = IMAGES[0] + bytes(-len(IMAGES[0]) % 4) + MAGIC * repeats + b"end!"
    images = [IMAGES[1], image, IMAGES[2]]
    folder = write_records(tmp_path, images, [0, 1, 1])
    content = (folder / "train.rec").read_bytes()
    assert content.count(struct.pack("<I", 3 << 29 | 4)) == 1  # the last part
    for with_index in (True, False):
        if not with_index:
            (folder / "train.idx").unlink()
            with pytest.warns(UserWarning, match=r"no train\.idx"):
                faces = RecordDataset(folder)
        else:
            faces = RecordDataset(folder)
        assert [image for image, _ in faces] == images
        assert len(pass_over(faces)[0]) == 3


@pytest.mark.parametrize("ranges", [True, False])
def test_without_an_index_the_records_are_found(tmp_path, ranges):
    folder = write_records(tmp_path, IMAGES, LABELS, ranges=ranges)
    (folder / "train.idx").unlink()
    with pytest.warns(UserWarning, match=r"searched.*no train\.idx"):
        faces = RecordDataset(folder)
    assert list(faces) == list(zip(IMAGES, LABELS, strict=True))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[: len(text) // 2 + 1],
        lambda text: "".join(text.splitlines(keepends=True)[:5]),
        lambda text: text.replace("\t", "\tx"),
        lambda text: "".join(f"{key}\t{key * 7 + 3}\n" for key in range(13)),
        lambda text: text + text.splitlines()[3] + "\n",
        lambda text: "",
    ],
    ids=["cut", "cut at a line", "letters", "other file", "twice", "empty"],
)
def test_a_wrong_index_is_rebuilt(folder, spoil):
    index = folder / "train.idx"
    index.write_text(spoil(index.read_text()))
    with pytest.warns(UserWarning, match="searched for its records, because"):
        faces = RecordDataset(folder)
    assert list(faces) == list(zip(IMAGES, LABELS, strict=True))


def test_a_damaged_record_is_left_out_and_named(folder):
    content = bytearray((folder / "train.rec").read_bytes())
    offset = int((folder / "train.idx").read_text().splitlines()[3].split()[1])
    content[offset] ^= 1
    (folder / "train.rec").write_bytes(content)
    with pytest.warns(UserWarning, match="1 of 9 records cannot be used"):
        faces = RecordDataset(folder)
    assert [image for image, _ in faces] == IMAGES[:2] + IMAGES[3:]
    assert list(faces.unreadable) == ["record 3"]
    (folder / "train.idx").unlink()
    with (
        pytest.warns(UserWarning, match="is searched for its records"),
        pytest.warns(UserWarning, match="no record where one should begin"),
    ):
        faces = RecordDataset(folder)
    assert [image for image, _ in faces] == IMAGES[:2] + IMAGES[3:]


def test_a_broken_image_is_left_out_and_named(tmp_path):
    images = [IMAGES[0], IMAGES[1][:100], b"no image", IMAGES[3]]
    folder = write_records(tmp_path, images, [0, 0, 1, 1])
    with pytest.warns(UserWarning, match="2 of 4 records") as caught:
        faces = RecordDataset(folder)
    assert "not an image: neither JPEG" in str(caught[0].message)
    assert faces.labels.tolist() == [0, 1]
    assert len(faces.unreadable) == 2
    assert len(RecordDataset(folder, check_images=False)) == 4


def test_an_empty_image_is_counted(tmp_path):
    folder = write_records(
        tmp_path, [IMAGES[0], b"", IMAGES[2]], [0, 0, 0], ranges=False
    )
    with pytest.warns(UserWarning, match=r"record 1 \(no image in it\)"):
        assert len(RecordDataset(folder)) == 2


@pytest.mark.parametrize("label", [-1.0, 3.0, 0.5, float("nan"), 1e30])
def test_a_label_that_is_none_is_left_out(tmp_path, label):
    labels = [0, label, 1, 2]
    folder = write_records(tmp_path, IMAGES[:4], [0, 1, 1, 2])
    content = (folder / "train.rec").read_bytes()
    wrong = payload(IMAGES[1], labels[1])[:24]
    content = content.replace(
        payload(IMAGES[1], 1)[:24] + IMAGES[1], wrong + IMAGES[1]
    )
    (folder / "train.rec").write_bytes(content)
    with pytest.warns(UserWarning, match=r"is not in \[0, 3\)"):
        faces = RecordDataset(folder)
    assert faces.labels.tolist() == [0, 1, 2]


def test_wrong_labels_throughout_are_an_error(tmp_path):
    folder = write_records(tmp_path, IMAGES[:3], [0, 1, 2], ranges=False)
    (folder / "property").write_text("1,16,12")
    with pytest.raises(ValueError, match=r"labels run 0..2, property says 1"):
        RecordDataset(folder)


def test_labels_from_1_on_drop_nobody(tmp_path):
    labels = [label + 1 for label in LABELS]
    folder = write_records(tmp_path, IMAGES, labels, ranges=False)
    (folder / "property").write_text("3,16,12")
    with pytest.raises(ValueError, match="do they start at 1"):
        RecordDataset(folder)
    (folder / "property").write_text("4,16,12\n9\n")
    with pytest.warns(UserWarning, match="1 of 4 identities"):
        assert len(RecordDataset(folder)) == 9


@pytest.mark.parametrize("with_index", [True, False])
def test_files_of_rec_builder_are_read(tmp_path, with_index):
    folder = write_as_rec_builder(tmp_path, IMAGES, LABELS)
    if with_index:
        faces = RecordDataset(folder)
    else:
        (folder / "train.idx").unlink()
        with pytest.warns(UserWarning, match="searched") as caught:
            faces = RecordDataset(folder)
        assert len(caught) == 1  # nobody has several labels
    assert list(faces) == list(zip(IMAGES, LABELS, strict=True))
    assert faces.keys.tolist() == list(range(1, 10))


@pytest.mark.parametrize("with_index", [True, False])
def test_files_of_im2rec_are_read(tmp_path, with_index):
    folder = write_as_im2rec(tmp_path, IMAGES, LABELS, name="ms1m")
    if with_index:
        faces = RecordDataset(folder / "ms1m.rec", image_size=(16, 12))
    else:
        (folder / "ms1m.idx").unlink()
        with pytest.warns(UserWarning, match="searched") as caught:
            faces = RecordDataset(folder / "ms1m.rec", image_size=(16, 12))
        assert len(caught) == 1
    assert list(faces) == list(zip(IMAGES, LABELS, strict=True))


def test_a_folder_with_other_records_names_them(tmp_path):
    write_as_im2rec(tmp_path, IMAGES, LABELS, name="train_0")
    write_as_im2rec(tmp_path, IMAGES, LABELS, name="train_1")
    message = r"which holds train_0\.rec, train_1\.rec; name it"
    for read in (RecordDataset, open_faces):
        with pytest.raises(ValueError, match=message):
            read(tmp_path)


def test_images_of_all_kinds_are_read(tmp_path):
    images = [encoded(0), encoded(1, "BMP"), encoded(2, "PPM")]
    folder = write_records(tmp_path, images, [0, 1, 2])
    expected = [read_image(image) for image in images]
    for check_images in (True, False):
        faces = RecordDataset(folder, check_images=check_images)
        assert faces.has_rare_kinds
        found, _ = pass_over(faces)
        np.testing.assert_allclose(found.astype(int), expected, atol=2)
    assert not RecordDataset(
        write_records(tmp_path / "b", IMAGES, LABELS), check_images=False
    ).has_rare_kinds


def test_identities_whose_images_differ_in_label_are_counted(tmp_path):
    folder = write_records(tmp_path, IMAGES[:4], [0, 0, 1, 1])
    content = (folder / "train.rec").read_bytes()
    content = content.replace(payload(IMAGES[1], 0), payload(IMAGES[1], 1))
    (folder / "train.rec").write_bytes(content)
    with pytest.warns(UserWarning, match="1 of 2 identities"):
        faces = RecordDataset(folder)
    assert faces.labels.tolist() == [0, 1, 1, 1]


@pytest.mark.parametrize("text", ["3,16", "a,b,c", "3,16,0", "3,16,12,1", ""])
def test_a_property_file_that_says_something_else_is_an_error(folder, text):
    (folder / "property").write_text(text)
    with pytest.raises(ValueError, match="number of identities, height"):
        RecordDataset(folder)


def test_without_a_property_file_labels_and_the_usual_size_count(folder):
    (folder / "property").unlink()
    faces = RecordDataset(folder, image_size=(16, 12))
    assert faces.num_classes == 3
    with pytest.raises(ValueError, match=r"must be 112x112.*record 1 of"):
        RecordDataset(folder)


def test_what_is_no_record_set_is_an_error(tmp_path):
    for bad in (tmp_path, tmp_path / "nowhere", tmp_path / "x.rec"):
        with pytest.raises(ValueError, match=r"must hold train\.rec"):
            RecordDataset(bad)
    with pytest.raises(ValueError, match="must be a path"):
        RecordDataset(3)
    (tmp_path / "train.rec").write_bytes(b"")
    with pytest.raises(ValueError, match="is empty"):
        RecordDataset(tmp_path)
    (tmp_path / "train.rec").write_bytes(b"something else" * 9)
    with (
        pytest.warns(UserWarning, match="searched"),
        pytest.raises(ValueError, match="records with images"),
    ):
        RecordDataset(tmp_path)


def test_large_sets_are_indexed_once(folder, monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_SPHEREFACE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(listing_cache, "MIN_IMAGES", 5)
    first = RecordDataset(folder)
    assert len(os.listdir(tmp_path / "cache")) == 2  # index and check
    monkeypatch.setattr(RecordDataset, "examine", None)  # never called again
    assert list(RecordDataset(folder)) == list(first)
    monkeypatch.undo()
    monkeypatch.setenv("KERAS_SPHEREFACE_CACHE", str(tmp_path / "cache"))
    os.utime(folder / "train.rec", ns=(1, 1))
    for path in (tmp_path / "cache").iterdir():
        path.write_bytes(path.read_bytes()[:50])  # damaged: rebuilt
    with pytest.warns(UserWarning, match="searched anew"):
        again = RecordDataset(folder)
    assert list(again) == list(first)


def test_offsets_past_four_gigabytes_are_read(tmp_path):
    """A sparse file: the images stand behind a hole of 5 GB."""
    folder = write_records(tmp_path, IMAGES[:3], [0, 1, 2], ranges=False)
    hole = 5 * 2**30
    content = (folder / "train.rec").read_bytes()
    with open(folder / "train.rec", "wb") as file:
        file.truncate(hole)
        file.seek(hole)
        file.write(content)
    lines = (folder / "train.idx").read_text().splitlines()
    moved = [f"{k}\t{int(p) + hole}\n" for k, p in map(str.split, lines)]
    (folder / "train.idx").write_text("".join(moved))
    faces = RecordDataset(folder)
    assert [image for image, _ in faces] == IMAGES[:3]
    np.testing.assert_array_equal(pass_over(faces)[0], faces.load()[0])


@pytest.mark.skipif(not SAMPLE.is_dir(), reason="needs ../shared/faces")
@pytest.mark.parametrize("with_index", [True, False])
def test_a_file_of_mxnet_has_the_bytes_of_its_folder(tmp_path, with_index):
    folder = SAMPLE
    if not with_index:
        folder = tmp_path
        for name in ("train.rec", "property"):
            (folder / name).symlink_to((SAMPLE / name).resolve())
        with pytest.warns(UserWarning, match="searched"):
            faces = RecordDataset(folder)
    else:
        faces = RecordDataset(folder)
    assert len(faces) == 485
    assert faces.num_classes == 50
    original = ImageFolder(SHARED / "train", check_images=False)
    names_of = {}
    for path, label in zip(original.paths, original.labels, strict=True):
        names_of[Path(path).read_bytes()] = original.identities[label]
    # The first fifty identities, in the order of their names.
    found = [(names_of[image], label) for image, label in faces]
    assert [original.identities[label] for _, label in found] == [
        name for name, _ in found
    ]
    assert len(set(image for image, _ in faces)) == 485
