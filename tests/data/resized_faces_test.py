import numpy as np
import pytest
from PIL import Image

from keras_sphereface.data import (
    ImageFolder,
    ResizedFaces,
    resize_images,
    training_dataset,
)


def box_means(image, factor):
    """Means of squares, by loops."""
    height, width, _ = image.shape
    return [
        [
            image[y : y + factor, x : x + factor].mean(axis=(0, 1))
            for x in range(0, width, factor)
        ]
        for y in range(0, height, factor)
    ]


def test_a_smaller_image_is_a_smoothed_one():
    # Noise: without smoothing, pixels would keep its deviation of 74.
    image = np.random.default_rng(0).integers(0, 256, (1, 64, 48, 3), np.uint8)
    small = resize_images(image, (8, 6))
    assert small.shape == (1, 8, 6, 3)
    assert small.dtype == np.uint8
    # A triangle as wide as two squares, in place of the squares.
    assert np.std(small.astype(float) - box_means(image[0], 8)) < 8
    assert small.std() < 15


def test_an_image_of_the_size_is_left_alone():
    image = np.random.default_rng(0).integers(0, 256, (2, 9, 7, 3), np.uint8)
    np.testing.assert_array_equal(resize_images(image, (9, 7)), image)


@pytest.mark.parametrize("size", [(0, 8), (8,), 8])
def test_a_size_that_cannot_be_is_named(size):
    with pytest.raises(ValueError, match=r"`image_size` is \(height, width\)"):
        resize_images(np.zeros((1, 8, 8, 3), np.uint8), size)


def test_a_folder_trains_at_another_size(tmp_path):
    for shade, name in ((40, "ann"), (200, "bob")):
        (tmp_path / name).mkdir()
        for index in range(3):
            pixels = np.full((112, 112, 3), shade + index, np.uint8)
            Image.fromarray(pixels).save(tmp_path / name / f"{index}.png")
    folder = ImageFolder(tmp_path)
    faces = ResizedFaces(folder, (32, 48))
    assert (len(faces), faces.num_classes) == (6, 2)
    assert faces.identities == ["ann", "bob"]
    images, labels = faces.load()
    assert images.shape == (6, 32, 48, 3)
    np.testing.assert_array_equal(labels, folder.labels)
    for image, label in zip(images, labels, strict=True):
        assert abs(int(image.mean()) - (40, 200)[label]) <= 2
    (batch,) = training_dataset(faces, batch_size=6)
    assert batch[0].shape == (6, 32, 48, 3)
