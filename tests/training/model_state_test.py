"""All that changes in a recognizer, as arrays and back."""

import keras
import numpy as np
import pytest

from keras_sphereface import heads
from keras_sphereface.models import FaceRecognizer
from keras_sphereface.training import CheckpointError
from keras_sphereface.training.model_state import (
    AveragedWeights,
    finish_weights,
    non_finite_weights,
    recognizer_state,
    restore_state,
    write_metrics,
)

X = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")
Y = np.arange(8, dtype="int32") % 4


def make_recognizer(seed=0, units=2, **optimizer):
    keras.utils.set_random_seed(seed)
    inputs = keras.Input((3,))
    embedder = keras.Model(inputs, keras.layers.Dense(units)(inputs))
    recognizer = FaceRecognizer(embedder, heads.get("cosface", 4))
    recognizer.compile(
        keras.optimizers.SGD(0.1, momentum=0.9, **optimizer),
        jit_compile=False,
    )
    return recognizer


def weights_of(recognizer):
    """Copies of the weights that train."""
    return [
        np.array(keras.ops.convert_to_numpy(variable))
        for variable in recognizer.trainable_variables
    ]


def fit(recognizer):
    recognizer.fit(X, Y, batch_size=8, shuffle=False, verbose=0)
    return recognizer


@pytest.fixture(scope="module")
def trained():
    return fit(make_recognizer())


def test_arrays_are_copies_by_group(trained):
    state = recognizer_state(trained)
    groups = {name.split("/")[0] for name in state}
    assert groups == {"model", "optimizer", "metrics"}
    before = trained.get_weights()
    for array in state.values():
        array[...] = 0
    for own, old in zip(trained.get_weights(), before, strict=True):
        np.testing.assert_array_equal(own, old)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_weight_that_is_not_finite_is_found(value):
    recognizer = make_recognizer()
    assert non_finite_weights(recognizer) == []
    kernel = recognizer.embedder.trainable_weights[0]
    array = np.array(keras.ops.convert_to_numpy(kernel))
    array[1, 1] = value
    kernel.assign(array)
    assert non_finite_weights(recognizer) == [kernel.path]


def test_another_recognizer_goes_on_as_the_first_would(trained):
    state = recognizer_state(trained)
    other = fit(make_recognizer(seed=1))
    restore_state(other, state)
    for name, array in recognizer_state(other).items():
        np.testing.assert_array_equal(array, state[name], err_msg=name)


def test_a_recognizer_that_was_not_fit_takes_a_state(trained):
    state = recognizer_state(trained)
    fresh = make_recognizer(seed=1)
    model_only = {n: a for n, a in state.items() if n.startswith("model/")}
    with pytest.raises(CheckpointError, match=r"the checkpoint.*variables"):
        restore_state(fresh, model_only)


def test_a_model_of_other_widths_is_named(trained):
    state = recognizer_state(trained)
    wider = fit(make_recognizer(units=5))
    before = wider.get_weights()
    with pytest.raises(
        CheckpointError, match=r"has shape \(3, 2\), not \(3, 5"
    ):
        restore_state(wider, state)
    for own, old in zip(wider.get_weights(), before, strict=True):
        np.testing.assert_array_equal(own, old)  # nothing was set


def test_metrics_alone_are_written(trained):
    state = recognizer_state(trained)
    doubled = {name: 2 * array for name, array in state.items()}
    write_metrics(trained, doubled)
    after = recognizer_state(trained)
    restore_state(trained, state)
    for name, array in after.items():
        factor = 2 if name.startswith("metrics/") else 1
        np.testing.assert_array_equal(array, factor * state[name])
    assert any(state[n].any() for n in state if n.startswith("metrics/"))


def test_the_average_stands_in_for_a_while():
    recognizer = make_recognizer(use_ema=True, ema_momentum=0.5)
    steps = []
    # Not by `fit`, which ends with the average in the model.
    for _ in range(2):
        recognizer.train_on_batch(X, Y)
        steps.append(weights_of(recognizer))
    with AveragedWeights(recognizer):
        averaged = weights_of(recognizer)
    # The average begins with the weights after the first step.
    for first, second, found in zip(*steps, averaged, strict=True):
        assert not np.array_equal(first, second)
        np.testing.assert_allclose(
            found, (first + second) / 2, rtol=1e-5, atol=1e-6
        )
    for own, last in zip(weights_of(recognizer), steps[1], strict=True):
        np.testing.assert_array_equal(own, last)


def test_the_average_takes_the_place_of_the_weights_for_good():
    recognizer = make_recognizer(use_ema=True, ema_momentum=0.5)
    for _ in range(2):
        recognizer.train_on_batch(X, Y)
    with AveragedWeights(recognizer):
        averaged = weights_of(recognizer)
    for _ in range(2):
        finish_weights(recognizer)
        for own, average in zip(weights_of(recognizer), averaged, strict=True):
            np.testing.assert_array_equal(own, average)


def test_without_an_average_the_weights_stay(trained):
    before = trained.get_weights()
    with AveragedWeights(trained):
        during = trained.get_weights()
    finish_weights(trained)
    for own, old in zip(during, before, strict=True):
        np.testing.assert_array_equal(own, old)
