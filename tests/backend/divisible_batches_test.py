"""Batches for three replicas, counted by hand; no strategy is needed."""

import keras
import numpy as np
import pytest
from replicas import on_tensorflow

from keras_sphereface.backend import divisible_batches
from keras_sphereface.backend.divisible_batches import (
    divisible_evaluation_data,
    divisible_fit_data,
)

pytestmark = on_tensorflow

# Seven images of one number each, with the number for a label.
IMAGES = np.arange(7, dtype="float32")[:, None]
LABELS = np.arange(7, dtype="int32")


@pytest.fixture
def model(monkeypatch):
    monkeypatch.setattr(divisible_batches, "count_replicas", lambda model: 3)
    return object()


def batches(dataset):
    return [[part.numpy().ravel().tolist() for part in b] for b in dataset]


def test_a_batch_is_filled_up_with_its_own_images_at_weight_zero(model):
    dataset, y, batch_size, arguments = divisible_fit_data(
        model, IMAGES, LABELS, 4, {"shuffle": False}
    )
    assert (y, batch_size, arguments) == (None, None, {})
    # Four make six, of which four count 6/4; three are three.
    filled, whole = batches(dataset)
    assert filled == [
        [0, 1, 2, 3, 0, 1],
        [0, 1, 2, 3, 0, 1],
        [1.5, 1.5, 1.5, 1.5, 0, 0],
    ]
    assert whole == [[4, 5, 6], [4, 5, 6], [1, 1, 1]]


def test_weights_of_samples_are_kept(model):
    weights = np.float32([2, 4, 0, 6, 1, 1, 1])
    dataset, *_ = divisible_evaluation_data(
        model, IMAGES, LABELS, 4, {"sample_weight": weights}
    )
    assert batches(dataset)[0][2] == [3, 6, 0, 9, 0, 0]


def test_an_epoch_of_arrays_is_shuffled_and_complete(model):
    keras.utils.set_random_seed(0)
    dataset, *_ = divisible_fit_data(model, IMAGES, LABELS, 3, {})
    epochs = [
        [label for batch in batches(dataset) for label in batch[1]]
        for _ in range(2)
    ]
    assert epochs[0] != epochs[1]
    assert [set(epoch) for epoch in epochs] == [set(range(7))] * 2


def test_a_dataset_that_divides_is_passed_on(model):
    import tensorflow as tf

    data = tf.data.Dataset.from_tensor_slices((IMAGES, LABELS))
    divides = data.batch(3, drop_remainder=True)
    assert divisible_fit_data(model, divides, None, None, {})[0] is divides
    filled = divisible_fit_data(model, data.batch(4), None, None, {})[0]
    assert [len(batch[1]) for batch in batches(filled)] == [6, 3]


def test_validation_data_divides_too(model):
    validation = (IMAGES, LABELS)
    arguments = {"validation_data": validation, "validation_batch_size": 5}
    *_, arguments = divisible_fit_data(model, IMAGES, LABELS, 3, arguments)
    assert list(arguments) == ["validation_data"]
    lengths = [len(b[1]) for b in batches(arguments["validation_data"])]
    assert lengths == [6, 3]


def test_what_keras_has_spread_in_fit_is_left_alone(model):
    arguments = {"_use_cached_eval_dataset": True}
    given = (IMAGES, LABELS, 4, arguments)
    assert divisible_evaluation_data(model, *given) == given


@pytest.mark.parametrize("argument", ["validation_split", "class_weight"])
def test_what_needs_whole_arrays_is_refused(model, argument):
    with pytest.raises(ValueError, match=f"`{argument}` must be left out"):
        divisible_fit_data(model, IMAGES, LABELS, 4, {argument: 0.5})


def test_on_one_device_nothing_changes():
    inputs = keras.Input((1,))
    model = keras.Model(inputs, inputs)
    given = (IMAGES, LABELS, 4, {"validation_split": 0.5})
    assert divisible_fit_data(model, *given) == given
