"""What a wrapper passes on, whatever its subclass does."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_sphereface.optimizers.wrapped_optimizer import WrappedOptimizer


@keras.saving.register_keras_serializable("wrapped_optimizer_test")
class Halved(WrappedOptimizer):
    def apply(self, grads, trainable_variables=None):
        halves = [0.5 * ops.convert_to_tensor(grad) for grad in grads]
        self.inner_optimizer.apply(halves, trainable_variables)


def make_variable():
    return keras.Variable(np.float32([1, 2]))


def test_rate_steps_and_state_are_those_of_the_inner_optimizer():
    inner = keras.optimizers.SGD(0.1, momentum=0.5)
    optimizer, variable = Halved(inner), make_variable()
    optimizer.build([variable])
    for _ in range(2):
        optimizer.apply([np.float32([2, 4])], [variable])
    # Halved to (1, 2): steps of 0.1 and, with momentum, 0.15.
    found = ops.convert_to_numpy(variable)
    np.testing.assert_allclose(found, [1 - 0.25, 2 - 0.5], rtol=1e-6)
    assert int(optimizer.iterations) == int(inner.iterations) == 2
    assert float(optimizer.learning_rate) == pytest.approx(0.1)
    optimizer.learning_rate = 0.25
    assert float(inner.learning_rate) == 0.25
    assert set(map(id, inner.variables)) <= set(map(id, optimizer.variables))


def test_a_scaled_loss_is_the_business_of_the_inner_optimizer():
    inner = keras.optimizers.LossScaleOptimizer(
        keras.optimizers.SGD(0.1), initial_scale=8.0
    )
    optimizer = Halved(inner)
    optimizer.build([make_variable()])
    assert float(optimizer.scale_loss(ops.convert_to_tensor(3.0))) == 24.0


def test_an_average_of_the_weights_is_put_in_their_place():
    inner = keras.optimizers.SGD(1.0, use_ema=True, ema_momentum=0.5)
    optimizer, variable = Halved(inner), make_variable()
    optimizer.build([variable])
    for _ in range(2):
        optimizer.apply([np.float32([2, 2])], [variable])
    np.testing.assert_allclose(ops.convert_to_numpy(variable), [-1, 0])
    optimizer.finalize_variable_values([variable])
    # Half of (0, 1), which the average starts at, and half of (-1, 0).
    np.testing.assert_allclose(ops.convert_to_numpy(variable), [-0.5, 0.5])


def test_config_round_trip():
    optimizer = Halved(keras.optimizers.AdamW(0.01, beta_1=0.8), name="halved")
    rebuilt = keras.optimizers.deserialize(
        keras.optimizers.serialize(optimizer)
    )
    assert isinstance(rebuilt, Halved)
    assert rebuilt.get_config() == optimizer.get_config()
    assert rebuilt.inner_optimizer.beta_1 == 0.8


@pytest.mark.parametrize("inner", ["sgd", None, keras.optimizers.SGD])
def test_what_is_no_optimizer_is_named(inner):
    with pytest.raises(ValueError, match="`inner_optimizer` must be"):
        Halved(inner)
