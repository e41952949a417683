import numpy as np
import pytest
import tensorflow as tf

from keras_sphereface.data import random_flip

IMAGES = np.random.default_rng(0).integers(0, 256, (400, 4, 5, 3), np.uint8)
LABELS = np.arange(400, dtype=np.int32)


def mirrored(images, seed):
    """Which images come back mirrored; any other change is a failure."""
    example = random_flip({"image": images, "label": LABELS}, seed=seed)
    flipped = example["image"].numpy()
    is_same = (flipped == images).all(axis=(1, 2, 3))
    is_mirror = (flipped == images[:, :, ::-1]).all(axis=(1, 2, 3))
    assert (is_same ^ is_mirror).all()
    return is_mirror


def test_mirrors_half_of_a_batch_exactly_and_independently():
    # 400 coins: 200 +- 10, five deviations are 50.
    assert 150 < mirrored(IMAGES, seed=(1, 2)).sum() < 250


def test_the_seed_decides_which_images_are_mirrored():
    assert (mirrored(IMAGES, (1, 2)) == mirrored(IMAGES, (1, 2))).all()
    assert (mirrored(IMAGES, (1, 2)) != mirrored(IMAGES, (1, 3))).any()
    assert (mirrored(IMAGES, (1, 2)) != mirrored(IMAGES, (2, 2))).any()


def test_mirrors_a_single_image_half_of_the_time():
    image = IMAGES[0]
    results = [
        random_flip({"image": image}, seed=(0, k))["image"].numpy()
        for k in range(40)
    ]
    same = sum((result == image).all() for result in results)
    mirrors = sum((result == image[:, ::-1]).all() for result in results)
    assert same + mirrors == 40
    assert min(same, mirrors) >= 5  # P < 1e-6 for a fair coin


def test_keeps_the_other_entries_and_the_example_itself():
    example = {"image": IMAGES[:2], "label": LABELS[:2], "name": "x"}
    flipped = random_flip(example, seed=(0, 0))
    assert flipped["label"] is example["label"]
    assert flipped["name"] == "x"
    assert example["image"] is not flipped["image"]


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float16"])
def test_is_the_same_eagerly_and_inside_tf_data(dtype):
    example = {"image": IMAGES[:32].astype(dtype), "label": LABELS[:32]}
    dataset = tf.data.Dataset.from_tensors(example).map(
        lambda example: random_flip(example, seed=(3, 4))
    )
    inside, eager = next(iter(dataset)), random_flip(example, seed=(3, 4))
    assert inside["image"].dtype == eager["image"].dtype == dtype
    np.testing.assert_array_equal(inside["image"], eager["image"])
    np.testing.assert_array_equal(inside["label"], eager["label"])
