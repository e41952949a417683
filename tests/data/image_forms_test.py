"""Every argument that takes images takes each form of them, alike."""

import numpy as np
import pytest
import tensorflow as tf
from record_files import encoded, write_records

from keras_sphereface.alignment.contact_sheet import write_contact_sheet
from keras_sphereface.contract import FaceInput, read_image
from keras_sphereface.data import (
    ImageFolder,
    RecordDataset,
    ResizedFaces,
    TFRecordFolder,
    check_alignment,
    resize_images,
    training_dataset,
    write_tfrecords,
)
from keras_sphereface.edge.face_reader import read_faces
from keras_sphereface.evaluation import extract_embeddings
from keras_sphereface.export.representative_images import gather_images
from keras_sphereface.inspection import LabeledImages, gather_facts
from keras_sphereface.pairs import PairSet

BYTES = [encoded(seed, "PNG") for seed in range(6)]
LABELS = [0, 0, 1, 1, 2, 2]
PIXELS = np.stack([read_image(image) for image in BYTES])
SIZE = {"image_size": PIXELS.shape[1:3]}
FACE = FaceInput(*PIXELS.shape[1:3])


@pytest.fixture(scope="module")
def forms(tmp_path_factory):
    folder = tmp_path_factory.mktemp("forms")
    paths = []
    for number, (image, label) in enumerate(zip(BYTES, LABELS, strict=True)):
        paths.append(folder / "faces" / str(label) / f"{number}.png")
        paths[-1].parent.mkdir(parents=True, exist_ok=True)
        paths[-1].write_bytes(image)
    faces = ImageFolder(folder / "faces", **SIZE)
    records = write_records(folder, BYTES, LABELS)
    write_tfrecords(faces, folder / "shards")
    return {
        "array": PIXELS,
        "tensor": tf.constant(PIXELS),
        "list of arrays": list(PIXELS),
        "paths": paths,
        "bytes": BYTES,
        "folder": folder / "faces",
        "ImageFolder": faces,
        "RecordDataset": RecordDataset(records, **SIZE),
        "TFRecordFolder": TFRecordFolder(folder / "shards"),
        "ResizedFaces": ResizedFaces(faces, SIZE["image_size"]),
        "tf.data": tf.data.Dataset.from_tensor_slices((PIXELS, LABELS)).batch(
            4
        ),
    }


def of_pairs(images, tmp_path):
    pairs = PairSet(images, [0, 2, 4], [1, 3, 5], [True] * 3, [0, 1, 2])
    return np.concatenate(list(pairs.batches(4)))


def of_extraction(images, tmp_path):
    return extract_embeddings(
        lambda batch: batch.reshape(len(batch), -1) + 1.0,
        images,
        tmp_path / "rows.npy",
    )


def of_verifier(images, tmp_path):
    return read_faces(images, FACE)


def of_photographs(images, tmp_path):
    corners = np.array([[3, 4], [9, 4], [6, 8], [4, 12], [8, 12]])
    return read_faces(images, FaceInput(8, 8), np.stack([corners] * 6))


def of_export(images, tmp_path):
    return gather_images(images, FACE, "faces")


def of_batches(images, tmp_path):
    source = (images, LABELS)
    return next(iter(training_dataset(source, 6, seed=3)))[0].numpy()


def of_resizing(images, tmp_path):
    return resize_images(images, (8, 8))


def of_inspection(images, tmp_path):
    return gather_facts(images).means


def of_labeled_images(images, tmp_path):
    found = LabeledImages((images, LABELS))
    return np.stack([found.pixels(position) for position in range(6)])


def of_contact_sheet(images, tmp_path):
    write_contact_sheet(tmp_path / "sheet.png", images, PIXELS.shape[1:3])
    return read_image(tmp_path / "sheet.png")


@pytest.mark.parametrize(
    "read",
    [
        of_pairs,
        of_extraction,
        of_verifier,
        of_photographs,
        of_export,
        of_batches,
        of_resizing,
        of_inspection,
        of_labeled_images,
        of_contact_sheet,
    ],
)
def test_every_form_is_read_as_the_array(read, forms, tmp_path):
    expected = read(PIXELS, tmp_path)
    assert len(np.unique(expected)) > 10
    for form, images in forms.items():
        found = read(images, tmp_path)
        np.testing.assert_array_equal(found, expected, err_msg=form)


def test_alignment_is_checked_in_every_form():
    images = [encoded(seed, "PNG", (112, 112)) for seed in range(128)]
    expected = check_alignment(np.stack([read_image(one) for one in images]))
    assert check_alignment(images) == expected
    with pytest.raises(ValueError, match=r"at least 128 images.*\(127, 112"):
        check_alignment(images[1:])
