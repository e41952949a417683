"""Images from files, bytes and arrays, by the names that errors use."""

import numpy as np
import pytest
from record_files import encoded

from keras_sphereface.contract import FaceInput, ImageError
from keras_sphereface.pairs.named_images import (
    check_images,
    image_batches,
    image_names,
    read_named_image,
)

PIXELS = np.arange(5 * 2 * 3 * 3, dtype=np.uint8).reshape(5, 2, 3, 3)


class FacesOnDisk:
    def __init__(self, images):
        self.read_bytes = images.__getitem__
        self.name_of = "face {}".format
        self.images = images

    def __len__(self):
        return len(self.images)


def batches(images, **kwargs):
    return list(image_batches(images, image_names(images), **kwargs))


def test_an_array_is_cut_into_batches_in_order():
    found = batches(PIXELS, batch_size=2)
    assert [len(batch) for batch in found] == [2, 2, 1]
    np.testing.assert_array_equal(np.concatenate(found), PIXELS)


def test_what_was_read_before_is_passed_over():
    (found,) = batches(PIXELS, start=3)
    np.testing.assert_array_equal(found, PIXELS[3:])


def test_files_and_bytes_are_the_same_pixels(tmp_path):
    (tmp_path / "0.jpg").write_bytes(encoded(0))
    (of_file,) = batches([tmp_path / "0.jpg"])
    (of_bytes,) = batches([encoded(0)])
    assert of_file.dtype == np.uint8
    np.testing.assert_array_equal(of_file, of_bytes)


def test_an_image_of_another_size_is_named():
    images = [encoded(0), encoded(1)]
    height, width = read_named_image(images, ["a", "b"], 0).shape[:2]
    face_input = FaceInput(height + 1, width)
    with pytest.raises(ImageError, match=r"^b: "):
        read_named_image(images, ["a", "b"], 1, face_input)


def test_a_broken_file_keeps_the_name_that_it_has(tmp_path):
    path = tmp_path / "broken.jpg"
    path.write_bytes(b"no image")
    with pytest.raises(ImageError, match=r"broken\.jpg") as caught:
        read_named_image([path], ["another name"], 0)
    assert "another name" not in str(caught.value)


def test_a_data_set_is_read_by_position_and_names_its_images(tmp_path):
    images = check_images(FacesOnDisk([encoded(0), b"broken", encoded(1)]))
    assert image_names(images) == ["face 0", "face 1", "face 2"]
    (first,) = batches(images[::2])[0][:1]
    np.testing.assert_array_equal(first, batches([encoded(0)])[0][0])
    with pytest.raises(ImageError, match=r"^face 1: "):
        batches(images)


def test_names_are_paths_or_places():
    assert image_names(PIXELS[:2]) == ["image 0", "image 1"]
    assert image_names(["a.jpg", b"bytes"]) == ["a.jpg", "image 1"]
    assert image_names(PIXELS[:1], ("ann",)) == ["ann"]
    with pytest.raises(ValueError, match=r"`names`.*Received: 1 names"):
        image_names(PIXELS, ["ann"])


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (PIXELS.astype("float32"), "dtype=float32"),
        ([PIXELS[0].astype("float32")], "dtype=float32"),
        (PIXELS[..., :1], r"shape=\(5, 2, 3, 1\)"),
        (["a.jpg", 3], r"images\[1\] of type int"),
        ([], "no images"),
    ],
)
def test_what_are_no_images_is_named(images, message):
    with pytest.raises(ValueError, match=f"`images`.* must be.*{message}"):
        check_images(images)


def test_a_batch_size_must_be_a_count():
    with pytest.raises(ValueError, match="`batch_size`"):
        image_batches(PIXELS, image_names(PIXELS), batch_size=0)
