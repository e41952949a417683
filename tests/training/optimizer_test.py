import math

import keras
import numpy as np
import pytest

from keras_sphereface.training import OptimizerConfig, build_optimizer


def learning_rates(config, steps_per_epoch, epochs):
    schedule = build_optimizer(config, steps_per_epoch, epochs)._learning_rate
    return [float(schedule(step)) for step in range(steps_per_epoch * epochs)]


def test_learning_rate_warms_up_and_falls_as_a_cosine():
    config = OptimizerConfig(learning_rate=0.4, warmup_epochs=1)
    rates = learning_rates(config, steps_per_epoch=10, epochs=5)
    for step in range(10):
        assert rates[step] == pytest.approx(0.4 * step / 10, abs=1e-6)
    for step in range(10, 50):
        expected = 0.2 * (1 + math.cos(math.pi * (step - 10) / 40))
        assert rates[step] == pytest.approx(expected, abs=1e-6)


def test_learning_rate_without_warm_up_starts_at_its_height():
    config = OptimizerConfig(
        learning_rate=0.4, warmup_epochs=0, final_fraction=0.1
    )
    rates = learning_rates(config, steps_per_epoch=10, epochs=5)
    assert rates[0] == pytest.approx(0.4)
    assert 0.04 < rates[-1] < 0.042


def test_weight_decay_is_that_of_pytorch_in_the_long_run():
    """Zero gradients, so that only decay moves the weight."""
    momentum, decay, rate = 0.9, 5e-3, 0.01
    config = OptimizerConfig(
        learning_rate=rate,
        momentum=momentum,
        weight_decay=decay,
        warmup_epochs=0,
        final_fraction=1.0,
    )
    kernel = keras.Variable(np.ones(1, "float32"), name="kernel")
    optimizer = build_optimizer(config, steps_per_epoch=400, epochs=1)
    optimizer.build([kernel])
    weight, velocity = 1.0, 0.0
    for _ in range(400):
        optimizer.apply([np.zeros(1, "float32")], [kernel])
        # torch.optim.SGD: the decay joins the gradient before the momentum.
        velocity = momentum * velocity + decay * weight
        weight -= rate * velocity
    assert weight < 0.85
    assert float(kernel.value[0]) == pytest.approx(weight, abs=0.01)


@pytest.mark.parametrize("name", ["gamma", "beta", "bias", "alpha"])
def test_weight_decay_spares_norms_biases_and_slopes(name):
    weight = keras.Variable(np.ones(3, "float32"), name=name)
    kernel = keras.Variable(np.ones(3, "float32"), name="kernel")
    optimizer = build_optimizer(
        OptimizerConfig(warmup_epochs=0, weight_decay=0.1), 10, 1
    )
    optimizer.build([weight, kernel])
    zeros = np.zeros(3, "float32")
    optimizer.apply([zeros, zeros], [weight, kernel])
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(weight), 1)
    assert (keras.ops.convert_to_numpy(kernel) < 1).all()
