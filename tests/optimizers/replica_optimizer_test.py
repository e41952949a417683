"""Clipping and accumulation; `distributed_fit_test.py` trains with them."""

import keras
import numpy as np
import pytest
from replicas import on_tensorflow, run_replicas

from keras_sphereface.optimizers import (
    ReplicaLossScaleOptimizer,
    ReplicaOptimizer,
)

# Keras 3.15 alone, without this package.
PLAIN_KERAS = """
x = np.arange(32, dtype="float32").reshape(8, 4) / 10
y = np.float32(x.sum(axis=1, keepdims=True) > 5)


def fit(**options):
    keras.utils.set_random_seed(0)
    with strategy.scope():
        inputs = keras.Input((4,))
        model = keras.Model(inputs, keras.layers.Dense(1)(inputs))
        model.compile(keras.optimizers.SGD(0.1, **options), "mse")
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(8)
    try:
        model.fit(data, epochs=4, shuffle=False, verbose=0)
    except Exception as error:
        return str(error)
    return np.concatenate([np.ravel(w) for w in model.get_weights()]).tolist()


print(json.dumps({
    "plain": fit(),
    "clipped": fit(global_clipnorm=0.1),
    "accumulated": fit(gradient_accumulation_steps=2),
}))
"""


@pytest.mark.slow
@on_tensorflow
def test_plain_keras_still_clips_each_replica_and_cannot_accumulate():
    """When this fails, Keras has mended it and `ReplicaOptimizer` can go."""
    one, two = run_replicas(1, PLAIN_KERAS), run_replicas(2, PLAIN_KERAS)
    np.testing.assert_allclose(two["plain"], one["plain"], atol=1e-6)
    assert np.abs(np.subtract(two["clipped"], one["clipped"])).max() > 1e-3
    assert "merge_call" in two["accumulated"]
    assert isinstance(one["accumulated"], list)


def rows(count):
    random = np.random.default_rng(0)
    return random.normal(size=(count, 6)).astype("float32")


def optimized(optimizer, gradients):
    """A variable after these gradients, a matrix and a vector as one."""
    variables = [
        keras.Variable(np.ones((2, 2), "float32")),
        keras.Variable(np.ones(2, "float32")),
    ]
    optimizer.build(variables)
    for gradient in gradients:
        gradients = [gradient[:4].reshape(2, 2), gradient[4:]]
        gradients = [keras.ops.convert_to_tensor(g) for g in gradients]
        optimizer.apply(gradients, variables)
    return np.concatenate(
        [np.ravel(keras.ops.convert_to_numpy(v)) for v in variables]
    )


OPTIONS = (
    {"clipnorm": 0.5},
    {"global_clipnorm": 0.5},
    {"clipvalue": 0.2},
    {"gradient_accumulation_steps": 3},
    {"gradient_accumulation_steps": 2, "global_clipnorm": 0.5},
    {"gradient_accumulation_steps": 2, "weight_decay": 0.1},
)


@pytest.mark.skipif(
    keras.backend.backend() == "jax",
    reason="Keras accumulates inside a compiled step only",
)
@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("scheduled", [False, True])
def test_on_one_device_it_does_what_keras_does(options, scheduled):
    def inner():
        rate = 0.1
        if scheduled:
            rate = keras.optimizers.schedules.PolynomialDecay(0.1, 12)
        return keras.optimizers.Adam(rate, **options)

    gradients = rows(12)
    expected = optimized(inner(), gradients)
    actual = optimized(ReplicaOptimizer(inner()), gradients)
    np.testing.assert_allclose(actual, expected, rtol=1e-6)
    assert (np.abs(actual - 1) > 0.001).all()


def test_a_clipped_sum_by_hand():
    # The norm of (3, 4, 0, 0, 0, 12) is 13, so all is divided by 26.
    gradient = np.float32([[3, 4, 0, 0, 0, 12]])
    optimizer = ReplicaOptimizer(keras.optimizers.SGD(1.0, global_clipnorm=0.5))
    np.testing.assert_allclose(
        optimized(optimizer, gradient),
        1 - gradient[0] / 26,
        rtol=1e-6,
    )


def test_survives_a_config_with_what_it_took_over():
    optimizer = ReplicaLossScaleOptimizer(
        ReplicaOptimizer(
            keras.optimizers.SGD(
                keras.optimizers.schedules.PolynomialDecay(0.5, 10),
                global_clipnorm=2.0,
                gradient_accumulation_steps=4,
            )
        )
    )
    rebuilt = keras.optimizers.deserialize(
        keras.optimizers.serialize(optimizer)
    )
    inner = rebuilt.get_config()["inner_optimizer"]["config"]["inner_optimizer"]
    assert inner["config"]["global_clipnorm"] == 2.0
    assert inner["config"]["gradient_accumulation_steps"] == 4
    schedule = inner["config"]["learning_rate"]
    assert schedule["class_name"] == "PolynomialDecay"
    assert rebuilt.get_config() == optimizer.get_config()


def test_its_variables_are_saved_under_a_loss_scale_too():
    variable = keras.Variable(np.ones(3, "float32"))
    inner = keras.optimizers.SGD(0.1, gradient_accumulation_steps=2)
    optimizer = ReplicaLossScaleOptimizer(ReplicaOptimizer(inner))
    optimizer.build([variable])
    shapes = [tuple(v.shape) for v in optimizer.variables]
    assert shapes.count((3,)) == 1


def test_the_learning_rate_is_that_of_the_inner_optimizer():
    optimizer = ReplicaOptimizer(keras.optimizers.SGD(0.1, clipnorm=1.0))
    optimizer.learning_rate = 0.25
    assert float(optimizer.inner_optimizer.learning_rate) == 0.25
    assert float(optimizer.learning_rate) == 0.25


@pytest.mark.parametrize(
    "wrong",
    [
        "sgd",
        keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1)),
        ReplicaOptimizer(keras.optimizers.SGD(0.1)),
    ],
    ids=["name", "loss scale", "twice"],
)
def test_what_it_cannot_wrap_is_an_error(wrong):
    with pytest.raises(ValueError, match=r"`inner_optimizer`.*Received"):
        ReplicaOptimizer(wrong)
