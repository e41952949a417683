import io
import os
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_sphereface.data import ImageFolder, SyntheticFaces, training_dataset

# Every image is unlike the others and unlike its mirror, and the label is the
# position, so that a batch tells where each image came from.
IMAGES = np.random.default_rng(0).integers(0, 256, (50, 6, 4, 3), np.uint8)
LABELS = np.arange(50, dtype=np.int32)
ARRAYS = (IMAGES, LABELS)


def one_pass(dataset):
    """All images and labels of one pass."""
    images, labels = zip(*dataset, strict=True)
    return np.concatenate(images), np.concatenate(labels)


def labels_of(dataset):
    return one_pass(dataset)[1].tolist()


@pytest.fixture
def image_folder(tmp_path):
    """20 identities with 2 images each; PNG keeps the pixels."""
    for index, pixels in enumerate(IMAGES[:40]):
        path = tmp_path / "faces" / f"{index // 2:02d}" / f"{index % 2}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    return ImageFolder(tmp_path / "faces", image_size=(6, 4))


def test_yields_uint8_images_and_int32_labels_of_known_shape():
    dataset = training_dataset(ARRAYS, 8)
    assert dataset.element_spec == (
        tf.TensorSpec((8, 6, 4, 3), tf.uint8),
        tf.TensorSpec((8,), tf.int32),
    )
    assert [len(labels) for _, labels in dataset] == [8] * 6


def test_the_length_is_known_and_right():
    for drop_remainder, num_batches in [(True, 6), (False, 7)]:
        dataset = training_dataset(ARRAYS, 8, drop_remainder=drop_remainder)
        assert len(dataset) == num_batches
        assert sum(1 for _ in dataset) == num_batches
    assert len(training_dataset(ARRAYS, 10, drop_remainder=False)) == 5
    assert len(training_dataset(ARRAYS, 50)) == 1


def test_every_image_comes_once_in_a_pass():
    dataset = training_dataset(ARRAYS, 8, drop_remainder=False)
    for _ in range(3):
        assert sorted(labels_of(dataset)) == LABELS.tolist()


def test_dropping_the_remainder_leaves_out_other_images_each_epoch():
    dataset = training_dataset(ARRAYS, 40)
    seen = [set(labels_of(dataset)) for _ in range(8)]
    assert all(len(labels) == 40 for labels in seen)
    assert set.union(*seen) == set(LABELS.tolist())


def test_two_epochs_have_another_order():
    dataset = training_dataset(ARRAYS, 10)
    assert labels_of(dataset) != labels_of(dataset)


def test_the_order_mixes_the_whole_set():
    # The first half of a shuffled pass has as many images from the far half as
    # from the near: 25 +- 2.5 over ten passes of 25 gives 125 +- 8.
    dataset = training_dataset(ARRAYS, 25)
    far = sum(
        sum(label >= 25 for label in labels_of(dataset)[:25]) for _ in range(10)
    )
    assert 85 < far < 165


def test_without_shuffle_the_order_is_that_of_the_source():
    dataset = training_dataset(ARRAYS, 10, shuffle=False)
    assert labels_of(dataset) == labels_of(dataset) == LABELS.tolist()


def test_the_seed_decides_order_and_mirrors_whatever_the_global_seed_is():
    keras.utils.set_random_seed(1)
    first = training_dataset(ARRAYS, 10, seed=5)
    first = [one_pass(first) for _ in range(3)]
    keras.utils.set_random_seed(2)
    again = training_dataset(ARRAYS, 10, seed=5)
    again = [one_pass(again) for _ in range(3)]
    other = one_pass(training_dataset(ARRAYS, 10, seed=6))
    for (images, labels), (images_again, labels_again) in zip(
        first, again, strict=True
    ):
        np.testing.assert_array_equal(labels, labels_again)
        np.testing.assert_array_equal(images, images_again)
    assert (first[0][1] != other[1]).any()


@pytest.mark.parametrize("first_step", [0, 3, 5, 10, 12])
def test_an_endless_pass_begins_at_any_step(first_step):
    passes = training_dataset(ARRAYS, 10)
    expected = [batch for _ in range(4) for batch in passes]
    endless = training_dataset(ARRAYS, 10, repeat=True, first_step=first_step)
    resumed = list(endless.take(20 - first_step))
    for (images, labels), (images_again, labels_again) in zip(
        expected[first_step:], resumed, strict=True
    ):
        np.testing.assert_array_equal(labels, labels_again)
        np.testing.assert_array_equal(images, images_again)


def test_repeat_continues_to_new_epochs():
    epochs = training_dataset(ARRAYS, 10)
    expected = labels_of(epochs) + labels_of(epochs)
    repeated = training_dataset(ARRAYS, 10).repeat(2)
    assert len(repeated) == 10
    assert labels_of(repeated) == expected


def test_half_of_the_images_are_mirrored_and_nothing_else_changes():
    dataset = training_dataset(ARRAYS, 10)
    num_mirrored, patterns = 0, set()
    for _ in range(8):
        images, labels = one_pass(dataset)
        is_same = (images == IMAGES[labels]).all(axis=(1, 2, 3))
        mirrors = IMAGES[labels][:, :, ::-1]
        is_mirror = (images == mirrors).all(axis=(1, 2, 3))
        assert (is_same ^ is_mirror).all()
        num_mirrored += is_mirror.sum()
        patterns.add(tuple(is_mirror[np.argsort(labels)]))
    # 400 coins: 200 +- 10, five deviations are 50.
    assert 150 < num_mirrored < 250
    assert len(patterns) == 8  # every epoch draws again


def test_the_batches_of_an_epoch_mirror_other_positions():
    images, labels = one_pass(training_dataset(ARRAYS, 10, shuffle=False))
    is_mirror = (images != IMAGES[labels]).any(axis=(1, 2, 3))
    assert len({tuple(batch) for batch in is_mirror.reshape(5, 10)}) > 1


def test_without_flip_the_pixels_are_those_of_the_source():
    images, labels = one_pass(training_dataset(ARRAYS, 10, flip=False))
    np.testing.assert_array_equal(images, IMAGES[labels])


def test_a_folder_gives_its_images_with_their_labels(image_folder):
    dataset = training_dataset(image_folder, 8, shuffle=False, flip=False)
    assert dataset.element_spec[0] == tf.TensorSpec((8, 6, 4, 3), tf.uint8)
    images, labels = one_pass(dataset)
    np.testing.assert_array_equal(images, IMAGES[:40])
    np.testing.assert_array_equal(labels, np.arange(40) // 2)


@pytest.mark.parametrize("drop_remainder", [True, False])
def test_folder_cache_and_arrays_give_the_same_batches(
    image_folder, drop_remainder
):
    settings = {"seed": 3, "drop_remainder": drop_remainder}
    files = training_dataset(image_folder, 12, **settings)
    cached = training_dataset(image_folder, 12, cache=True, **settings)
    arrays = training_dataset(image_folder.load(), 12, **settings)
    for _ in range(2):
        images, labels = one_pass(files)
        for dataset in (cached, arrays):
            same_images, same_labels = one_pass(dataset)
            np.testing.assert_array_equal(images, same_images)
            np.testing.assert_array_equal(labels, same_labels)


def test_the_cache_reads_the_files_once(image_folder):
    dataset = training_dataset(image_folder, 8, cache=True)
    for path in image_folder.paths:
        os.remove(path)
    assert len(one_pass(dataset)[0]) == 40
    with pytest.raises(tf.errors.NotFoundError, match=r"\.png"):
        one_pass(training_dataset(image_folder, 8))


def test_a_file_name_need_not_be_unicode(tmp_path):
    (tmp_path / "person").mkdir()
    Image.fromarray(IMAGES[0]).save(tmp_path / "person" / "1.png")
    name = os.path.join(os.fsencode(tmp_path), b"person", b"\xff\xfe.png")
    try:
        os.rename(tmp_path / "person" / "1.png", name)
    except OSError:
        pytest.skip("this file system allows Unicode names only")
    source = ImageFolder(tmp_path, image_size=(6, 4))
    images, _ = one_pass(training_dataset(source, 1, flip=False))
    np.testing.assert_array_equal(images, IMAGES[:1])


@pytest.mark.parametrize("content", ["text", "other size"])
def test_a_bad_file_that_was_not_checked_stops_the_pass(tmp_path, content):
    (tmp_path / "a").mkdir()
    other = io.BytesIO()
    Image.fromarray(IMAGES[0]).resize((9, 9)).save(other, "PNG")
    bad = b"text" if content == "text" else other.getvalue()
    (tmp_path / "a" / "1.png").write_bytes(bad)
    source = ImageFolder(tmp_path, image_size=(6, 4), check_images=False)
    with pytest.raises(tf.errors.InvalidArgumentError):
        one_pass(training_dataset(source, 1))


def test_synthetic_faces_and_anything_with_load_are_sources():
    faces = SyntheticFaces(3, 2, image_size=(16, 16))
    images, labels = one_pass(
        training_dataset(faces, 2, shuffle=False, flip=False)
    )
    np.testing.assert_array_equal(images, faces.load()[0])
    np.testing.assert_array_equal(labels, [0, 0, 1, 1, 2, 2])
    source = SimpleNamespace(load=lambda: ARRAYS)
    assert labels_of(training_dataset(source, 10, shuffle=False)) == list(
        range(50)
    )


def test_float_pixels_stay_floats():
    images = IMAGES.astype("float64") / 2
    dataset = training_dataset((images, LABELS), 10, flip=False)
    assert dataset.element_spec[0].dtype == tf.float32
    found, labels = one_pass(dataset)
    np.testing.assert_array_equal(found, images[labels])  # halves are exact


@pytest.mark.parametrize("dtype", ["int64", "uint8", "int32"])
def test_any_integer_labels_become_int32(dtype):
    dataset = training_dataset((IMAGES, LABELS.astype(dtype)), 10)
    assert dataset.element_spec[1].dtype == tf.int32
    assert sorted(labels_of(dataset)) == LABELS.tolist()


class RecordingModel(keras.Model):
    """Notes the labels that `fit` brings."""

    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(50)
        self.seen = []

    def call(self, images):
        return self.dense(keras.ops.mean(keras.ops.cast(images, "float32"), 1))

    def train_step(self, data):
        self.seen += data[1].numpy().tolist()
        return {"loss": 0.0}


def test_fit_sees_one_epoch_of_the_dataset_after_another():
    model = RecordingModel()
    model.compile(run_eagerly=True)
    dataset = training_dataset(ARRAYS, 8)
    model.fit(dataset, epochs=3, shuffle=False, verbose=0)
    expected = training_dataset(ARRAYS, 8)
    assert model.seen == [x for _ in range(3) for x in labels_of(expected)]


def test_fit_learns_from_a_folder_and_knows_the_number_of_steps(image_folder):
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.layers.Rescaling(1 / 127.5, offset=-1),
            keras.layers.Flatten(),
            keras.layers.Dense(20),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.03), loss=loss)
    steps = []
    callback = keras.callbacks.LambdaCallback(
        on_train_begin=lambda logs: steps.append(callback.params["steps"])
    )
    losses = model.fit(
        training_dataset(image_folder, 8, flip=False),
        epochs=8,
        shuffle=False,
        callbacks=[callback],
        verbose=0,
    ).history["loss"]
    assert steps == [5]
    assert losses[-1] < 0.5 * losses[0]
