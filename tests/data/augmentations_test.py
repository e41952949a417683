import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_sphereface.data import (
    AdaFaceAugmentation,
    KerasAugmentation,
    RandomChoice,
    training_dataset,
)

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(1, 256, (24, 20, 16, 3), np.uint8)
EXAMPLE = {"image": IMAGES, "label": np.arange(24, dtype=np.int32) % 5}
STEPS = {
    "adaface": lambda: AdaFaceAugmentation(0.5, 0.5, 0.5),
    "erasing": lambda: KerasAugmentation(
        keras.layers.RandomErasing(value_range=(0, 255))
    ),
    "rotation": lambda: KerasAugmentation(keras.layers.RandomRotation(0.1)),
    "choice": lambda: RandomChoice(
        [
            KerasAugmentation(keras.layers.RandomBrightness(0.5)),
            AdaFaceAugmentation(1.0, 0.0, 0.0),
        ]
    ),
}


def changed(step, seed=(1, 2), images=IMAGES):
    return step({**EXAMPLE, "image": images}, seed=seed)["image"].numpy()


@pytest.mark.slow
@pytest.mark.parametrize("name", STEPS)
def test_the_same_seed_changes_the_same_eagerly_and_inside_tf_data(name):
    step = STEPS[name]()
    once = changed(step)
    assert once.dtype == np.uint8
    assert once.shape == IMAGES.shape
    assert (once != IMAGES).any()
    np.testing.assert_array_equal(once, changed(step))
    np.testing.assert_array_equal(once, changed(STEPS[name]()))
    assert (once != changed(step, seed=(3, 4))).any()
    dataset = tf.data.Dataset.from_tensors(EXAMPLE).map(
        lambda example: step(example, seed=[1, 2])
    )
    result = next(iter(dataset))
    np.testing.assert_allclose(
        result["image"].numpy().astype(int), once.astype(int), atol=1
    )
    np.testing.assert_array_equal(result["label"], EXAMPLE["label"])


@pytest.mark.parametrize("name", STEPS)
def test_a_resumed_pipeline_sees_the_same_images(name):
    def dataset(first_step):
        return training_dataset(
            (IMAGES, EXAMPLE["label"]),
            8,
            augment=[STEPS[name]()],
            repeat=True,
            first_step=first_step,
        )

    for (images, labels), (again, again_labels) in zip(
        dataset(0).skip(4).take(4), dataset(4).take(4), strict=True
    ):
        np.testing.assert_array_equal(images, again)
        np.testing.assert_array_equal(labels, again_labels)


def test_floats_stay_floats():
    images = IMAGES.astype(np.float32)
    for step in (STEPS["adaface"](), STEPS["erasing"]()):
        result = changed(step, images=images)
        assert result.dtype == np.float32
        assert result.min() >= 0
        assert result.max() <= 255


def test_a_crop_blackens_all_but_a_rectangle_of_the_right_size():
    crop = AdaFaceAugmentation(1.0, 0.0, 0.0)
    images = RNG.integers(1, 256, (150, 20, 16, 3), np.uint8)
    crop = tf.function(crop)
    areas = []
    for before, after in zip(images, changed(crop, images=images), strict=True):
        kept = (after > 0).all(axis=-1)
        rows, columns = kept.any(axis=1), kept.any(axis=0)
        assert (kept == rows[:, None] & columns).all()  # a rectangle
        np.testing.assert_array_equal(after[kept], before[kept])
        for line in (rows, columns):
            where = np.flatnonzero(line)
            assert len(where) == where[-1] - where[0] + 1
        ratio = columns.sum() / rows.sum()
        assert 0.6 < ratio < 1.6  # 3/4 to 4/3, sides rounded to pixels
        areas.append(kept.mean())
    assert min(areas) > 0.15
    assert max(areas) > 0.85
    # The area is uniform in [0.2, 1], less the tries that did not fit.
    assert 0.4 < np.mean(areas) < 0.65


def test_a_low_resolution_loses_detail_but_not_the_picture():
    coarse = changed(AdaFaceAugmentation(0.0, 1.0, 0.0)).astype(float)
    detail = [
        np.abs(np.diff(x.astype(float), axis=1)).mean()
        for x in (IMAGES, coarse)
    ]
    assert detail[1] < 0.8 * detail[0]
    smooth = np.zeros((4, 32, 32, 3), np.uint8)
    smooth[:] = np.linspace(0, 248, 32, dtype=np.uint8)[:, None]
    result = changed(AdaFaceAugmentation(0.0, 1.0, 0.0), images=smooth)
    assert np.abs(result.astype(float) - smooth).mean() < 20


def test_a_photometric_change_is_one_of_brightness_contrast_saturation():
    gray = np.full((300, 4, 4, 3), 100, np.uint8)
    step = tf.function(AdaFaceAugmentation(0.0, 0.0, 1.0))
    result = changed(step, images=gray)
    # Contrast and saturation leave a flat gray image alone: brightness is
    # left, a factor of 0.5 to 1.5.
    values = result[:, 0, 0, 0]
    assert (result == values[:, None, None, None]).all()
    assert 50 <= values.min() < 56
    assert 144 < values.max() <= 150
    assert 92 < values.mean() < 108


def test_each_part_changes_its_share_of_the_images():
    images = RNG.integers(1, 256, (1000, 4, 4, 3), np.uint8)
    for shares in np.eye(3) * 0.3:
        step = tf.function(AdaFaceAugmentation(*shares))
        result = changed(step, images=images)
        share = (result != images).any(axis=(1, 2, 3)).mean()
        assert 0.2 < share < 0.36  # some changes leave all pixels alone
    same = changed(AdaFaceAugmentation(0, 0, 0), images=images[:9])
    np.testing.assert_array_equal(same, images[:9])


def test_mixed_labels_are_rows_that_sum_to_one():
    mix = KerasAugmentation(keras.layers.MixUp(), num_classes=5)
    result = mix(EXAMPLE, seed=[5, 6])
    assert result["label"].shape == (24, 5)
    np.testing.assert_allclose(np.sum(result["label"], axis=1), 1, atol=1e-5)
    # Each image is as much of another as its label says.
    share = np.max(result["label"], axis=1)
    assert (share < 0.999).any()


@pytest.mark.slow
def test_rand_augment_draws_among_the_layers_of_keras():
    step = RandomChoice.rand_augment()
    seen = [changed(step, seed=(n, n)) for n in range(6)]
    assert len({one.tobytes() for one in seen}) > 4
    np.testing.assert_array_equal(seen[0], changed(step, seed=(0, 0)))


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match=r"`crop` is a share"):
        AdaFaceAugmentation(crop=1.5)
    with pytest.raises(ValueError, match="`layer` must be a Keras layer"):
        KerasAugmentation(lambda x: x)
    with pytest.raises(ValueError, match="`steps` must hold at least one"):
        RandomChoice([])
