import keras
import numpy as np
import pytest

from keras_sphereface.training import OptimizerConfig, build_optimizer


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


def test_clipping_accumulation_and_average_reach_the_optimizer():
    config = OptimizerConfig(
        global_clipnorm=5.0, accumulation_steps=4, ema_momentum=0.99
    )
    optimizer = build_optimizer(config, 10, 2)
    assert optimizer.global_clipnorm == 5.0
    assert optimizer.gradient_accumulation_steps == 4
    assert optimizer.use_ema
    assert optimizer.ema_momentum == 0.99
    plain = build_optimizer(OptimizerConfig(), 10, 2)
    assert plain.gradient_accumulation_steps is None
    assert not plain.use_ema
