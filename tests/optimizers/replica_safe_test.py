import keras
import pytest

from keras_sphereface.optimizers import (
    ReplicaLossScaleOptimizer,
    ReplicaOptimizer,
    replica_safe,
)


@pytest.fixture
def strategy():
    if keras.backend.backend() != "tensorflow":
        pytest.skip("tf.distribute")
    import tensorflow as tf

    return tf.distribute.OneDeviceStrategy("CPU:0")


def test_without_a_strategy_the_optimizer_stays_as_it_is():
    optimizer = keras.optimizers.SGD(0.1, clipnorm=1.0)
    assert replica_safe(optimizer) is optimizer


def test_a_name_is_enough():
    assert isinstance(replica_safe("adam"), keras.optimizers.Adam)


def test_nothing_is_wrapped_without_need(strategy):
    with strategy.scope():
        optimizer = keras.optimizers.SGD(0.1, weight_decay=0.1)
        assert replica_safe(optimizer) is optimizer


@pytest.mark.parametrize(
    "options",
    [
        {"clipnorm": 1.0},
        {"global_clipnorm": 1.0},
        {"clipvalue": 1.0},
        {"gradient_accumulation_steps": 2},
    ],
    ids=str,
)
def test_what_needs_the_sum_is_wrapped_once(strategy, options):
    with strategy.scope():
        safe = replica_safe(keras.optimizers.SGD(0.1, **options))
        assert isinstance(safe, ReplicaOptimizer)
        assert replica_safe(safe) is safe


def test_a_loss_scale_goes_around_everything(strategy):
    with strategy.scope():
        safe = replica_safe(
            keras.optimizers.SGD(0.1, clipnorm=1.0), loss_scale=True
        )
        assert isinstance(safe, ReplicaLossScaleOptimizer)
        assert isinstance(safe.inner_optimizer, ReplicaOptimizer)
        assert replica_safe(safe, loss_scale=True) is safe


def test_the_loss_scale_of_keras_keeps_its_numbers():
    optimizer = keras.optimizers.LossScaleOptimizer(
        keras.optimizers.SGD(0.1), initial_scale=64.0, dynamic_growth_steps=7
    )
    safe = replica_safe(optimizer)
    assert isinstance(safe, ReplicaLossScaleOptimizer)
    assert safe.initial_scale == 64.0
    assert safe.dynamic_growth_steps == 7
    assert safe.inner_optimizer is optimizer.inner_optimizer
