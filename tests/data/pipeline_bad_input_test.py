import numpy as np
import pytest
from PIL import Image

from keras_sphereface.data import ImageFolder, training_dataset

IMAGES = np.random.default_rng(0).integers(0, 256, (50, 6, 4, 3), np.uint8)
LABELS = np.arange(50, dtype=np.int32)
ARRAYS = (IMAGES, LABELS)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("batch_size", 0),
        ("batch_size", -4),
        ("batch_size", 8.0),
        ("batch_size", True),
        ("batch_size", None),
        ("seed", -1),
        ("seed", 0.5),
        ("first_step", -1),
        ("first_step", "2"),
    ],
)
def test_whole_number_arguments_are_checked(name, value):
    arguments = {"batch_size": 8, name: value}
    with pytest.raises(ValueError, match=f"`{name}` must be an integer"):
        training_dataset(ARRAYS, **arguments)


def test_a_batch_larger_than_the_set_is_an_error():
    with pytest.raises(ValueError, match="no batch would come"):
        training_dataset(ARRAYS, 51)
    ((_, labels),) = training_dataset(ARRAYS, 51, drop_remainder=False)
    assert len(labels) == 50


def test_a_batch_larger_than_the_folder_is_an_error(tmp_path):
    (tmp_path / "a").mkdir()
    Image.fromarray(IMAGES[0]).save(tmp_path / "a" / "1.png")
    source = ImageFolder(tmp_path, image_size=(6, 4))
    with pytest.raises(ValueError, match="batch_size=2 for 1 images"):
        training_dataset(source, 2)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (LABELS.astype("float32"), "labels.dtype=float32"),
        (LABELS % 2 == 0, "labels.dtype=bool"),
        (np.eye(50, dtype=int), r"labels.shape=\(50, 50\)"),
        (LABELS.astype(str), "labels.dtype=<U"),
        (LABELS - 1, r"labels\[0\]=-1"),
        (LABELS.astype("int64") + 2**31 - 5, r"labels\[5\]=2147483648"),
        (LABELS[:-1], "50 images, 49 labels"),
    ],
)
def test_labels_are_checked(labels, message):
    with pytest.raises(ValueError, match=message):
        training_dataset((IMAGES, labels), 8)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (IMAGES[0], r"images.shape=\(6, 4, 3\)"),
        (IMAGES[..., :1], r"images.shape=\(50, 6, 4, 1\)"),
        (IMAGES.transpose(0, 3, 1, 2), r"images.shape=\(50, 3, 6, 4\)"),
        (IMAGES[:0], r"images.shape=\(0, 6, 4, 3\)"),
        (IMAGES.astype("int64"), "images.dtype=int64"),
        (IMAGES / 255.0, r"scaled to \[0, 1\]"),
        (IMAGES / 127.5 - 1, r"scaled to \[-1, 1\]"),
        (IMAGES * np.nan, "must be finite"),
    ],
)
def test_images_are_checked(images, message):
    with pytest.raises(ValueError, match=message):
        training_dataset((images, LABELS[: len(images)]), 8)


@pytest.mark.parametrize("source", [None, "faces", IMAGES, (IMAGES,)])
def test_another_source_is_an_error_that_lists_the_right_ones(source):
    with pytest.raises(ValueError, match="`TFRecordFolder`, an object whose"):
        training_dataset(source, 8)
