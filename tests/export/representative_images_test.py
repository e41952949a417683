import io
import types

import numpy as np
import pytest
from PIL import Image

from keras_sphereface.contract import FaceInput
from keras_sphereface.export import representative_images
from keras_sphereface.export.representative_images import read_calibration


def png(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


INPUT = FaceInput(height=8, width=8)


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), np.uint8)


def test_arrays_lists_and_batches_give_the_same_images(images):
    for form in (
        images,
        list(images),
        (image for image in images),
        [images[:4], images[4:]],
    ):
        np.testing.assert_array_equal(read_calibration(form, INPUT), images)


def test_float_pixels_stay_as_they_are(images):
    floats = images.astype(np.float64) / 2
    read = read_calibration(floats, INPUT)
    assert read.dtype == np.float32
    np.testing.assert_array_equal(read, floats)


def test_a_folder_is_read_with_its_sub_folders_in_order(images, tmp_path):
    (tmp_path / "anna").mkdir()
    Image.fromarray(images[1]).save(tmp_path / "b.PNG")
    Image.fromarray(images[0]).save(tmp_path / "anna" / "a.png")
    (tmp_path / "notes.txt").write_text("no image")
    with pytest.warns(UserWarning, match=r"1 of 3 files.*notes\.txt"):
        read = read_calibration(tmp_path, INPUT)
    np.testing.assert_array_equal(read, images[:2])
    paths = [tmp_path / "b.PNG", str(tmp_path / "anna" / "a.png")]
    read = read_calibration(paths, INPUT)
    np.testing.assert_array_equal(read, images[[1, 0]])


def test_of_a_large_folder_an_even_part_is_read(images, tmp_path, monkeypatch):
    monkeypatch.setattr(representative_images, "STORED_IMAGES", 3)
    for index, image in enumerate(images):
        Image.fromarray(image).save(tmp_path / f"{index}.png")
    read = read_calibration(tmp_path, INPUT)
    np.testing.assert_array_equal(read, images[[0, 2, 4]])
    # All that is given in memory is used.
    np.testing.assert_array_equal(read_calibration(images, INPUT), images)


def test_of_a_data_set_an_even_part_is_read(images, monkeypatch):
    monkeypatch.setattr(representative_images, "STORED_IMAGES", 3)
    drawn = types.SimpleNamespace(load=lambda: (images, np.arange(6)))
    read = read_calibration(drawn, INPUT)
    np.testing.assert_array_equal(read, images[[0, 2, 4]])

    class Faces(list):
        def read_bytes(self, position):
            asked.append(position)
            return self[position]

    asked = []
    read = read_calibration(Faces(map(png, images)), INPUT)
    np.testing.assert_array_equal(read, images[[0, 2, 4]])
    assert asked == [0, 2, 4]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (None, r"needs `calibration` images"),
        (7, r"an array.*type int"),
        ([], r"no images"),
        (np.zeros((2, 9, 8, 3), np.uint8), r"does not fit.*\(2, 9, 8, 3\)"),
        (
            [np.zeros((8, 8, 4), np.uint8)],
            r"`calibration` must.*alpha.*calibration\[0\]",
        ),
        (np.full((2, 8, 8, 3), 7, np.uint8), r"only pixels of value 7"),
        (np.linspace(0, 1, 192).reshape(8, 8, 3), r"scaled to \[0, 1\]"),
    ],
)
def test_wrong_calibration_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        read_calibration(wrong, INPUT)


def test_a_folder_without_or_with_broken_images_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"`calibration`.*nowhere"):
        read_calibration(tmp_path / "nowhere", INPUT)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match=r"folder with images.*empty"):
        read_calibration(tmp_path / "empty", INPUT)
    (tmp_path / "broken.jpg").write_bytes(b"no image")
    with pytest.raises(ValueError, match=r"broken\.jpg"):
        read_calibration(tmp_path, INPUT)
