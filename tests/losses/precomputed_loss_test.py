import keras
import numpy as np
import pytest

from keras_sphereface.losses import PrecomputedLoss

VALUES = np.array([1.0, 2.0, 6.0], "float32")
LABELS = np.array([5000, 1, 2], "int32")


def test_averages_the_values():
    assert float(PrecomputedLoss()(LABELS, VALUES)) == pytest.approx(3.0)


def test_weights_samples_as_keras_does():
    weights = np.array([0.0, 1.0, 0.5], "float32")
    loss = float(PrecomputedLoss()(LABELS, VALUES, weights))
    squares = keras.losses.MeanSquaredError()(
        np.zeros((3, 1)), np.sqrt(VALUES)[:, None], weights
    )
    assert loss == pytest.approx(5.0 / 3)
    assert loss == pytest.approx(float(squares), rel=1e-6)


def test_reduction_is_kept_through_a_config():
    loss = PrecomputedLoss(reduction="sum")
    rebuilt = keras.losses.deserialize(keras.losses.serialize(loss))
    assert isinstance(rebuilt, PrecomputedLoss)
    assert float(rebuilt(LABELS, VALUES)) == pytest.approx(9.0)


def test_stays_float32_under_a_half_precision_floatx():
    keras.config.set_floatx("float16")
    try:
        value = PrecomputedLoss()(LABELS, np.float32([70000.0]))
    finally:
        keras.config.set_floatx("float32")
    assert float(value) == pytest.approx(70000.0)
