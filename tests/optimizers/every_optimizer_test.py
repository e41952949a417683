"""Each optimizer that a config may name, in everything that may wrap it."""

import json

import keras
import numpy as np
import pytest
from keras import ops
from replicas import on_tensorflow, run_replicas

from keras_sphereface import optimizers
from keras_sphereface.optimizers import (
    ColumnOptimizer,
    ReplicaLossScaleOptimizer,
    ReplicaOptimizer,
)

SHAPES = {"dense/kernel": (4, 3), "dense/bias": (3,), "head/centers": (3, 5)}
# Adafactor remembers sums over rows and columns of a matrix.
BY_COLUMN = sorted(set(optimizers.names()) - {"adafactor"})


def make_weights():
    random = np.random.default_rng(0)
    weights = []
    for path, shape in SHAPES.items():
        scope, name = path.split("/")
        with keras.name_scope(scope):
            start = random.normal(size=shape).astype("float32")
            weights.append(keras.Variable(start, name=name))
    return weights


def make_gradients(step, scale=1.0):
    random = np.random.default_rng(step + 1)
    return [
        ops.convert_to_tensor(scale * random.normal(size=shape), "float32")
        for shape in SHAPES.values()
    ]


def moved(optimizer, scale=1.0, steps=3):
    weights = make_weights()
    for step in range(steps):
        optimizer.apply(make_gradients(step, scale), weights)
    return [ops.convert_to_numpy(weight) for weight in weights]


@pytest.mark.parametrize("name", optimizers.names())
def test_without_replicas_it_moves_as_it_does_alone(name):
    expected = moved(optimizers.get(name, 0.1))
    found = moved(ReplicaOptimizer(optimizers.get(name, 0.1)))
    start = [ops.convert_to_numpy(weight) for weight in make_weights()]
    for own, alone, first in zip(found, expected, start, strict=True):
        np.testing.assert_array_equal(own, alone)
        assert (own != first).all()


@pytest.mark.skipif(
    keras.backend.backend() == "jax",
    reason="Keras scales inside a compiled step only",
)
@pytest.mark.parametrize("name", optimizers.names())
def test_a_loss_scale_takes_finite_steps_only(name):
    optimizer = ReplicaLossScaleOptimizer(
        optimizers.get(name, 0.1), initial_scale=8.0
    )
    weights = make_weights()
    optimizer.apply(make_gradients(0, scale=8.0), weights)
    expected = moved(optimizers.get(name, 0.1), steps=1)
    for weight, alone in zip(weights, expected, strict=True):
        found = ops.convert_to_numpy(weight)
        np.testing.assert_allclose(found, alone, rtol=1e-5, atol=1e-6)
    optimizer.apply(make_gradients(1, scale=np.inf), weights)
    for weight, alone in zip(weights, expected, strict=True):
        found = ops.convert_to_numpy(weight)
        np.testing.assert_allclose(found, alone, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", BY_COLUMN)
def test_centers_of_classes_not_sampled_wait(name):
    weights = make_weights()
    *others, centers = weights
    centers.moves_by_column = True
    optimizer = ColumnOptimizer(optimizers.get(name, 0.1, weight_decay=0.1))
    before = ops.convert_to_numpy(centers).copy()
    for step in range(2):
        *gradients, of_centers = make_gradients(step)
        sampled = np.float32([1, 0, 0, 1, 0])
        gradients.append(ops.multiply(of_centers, sampled))
        optimizer.apply(gradients, weights)
    moves = (ops.convert_to_numpy(centers) != before).any(axis=0)
    np.testing.assert_array_equal(moves, sampled > 0)
    alone = moved(optimizers.get(name, 0.1, weight_decay=0.1), steps=2)
    for weight, expected in zip(others, alone, strict=False):
        found = ops.convert_to_numpy(weight)
        np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("name", optimizers.names())
@pytest.mark.parametrize(
    "wrap",
    [
        ColumnOptimizer,
        ReplicaOptimizer,
        lambda inner: ReplicaLossScaleOptimizer(ReplicaOptimizer(inner)),
    ],
)
def test_what_wraps_it_comes_back_from_its_config(name, wrap):
    optimizer = wrap(optimizers.get(name, 0.1, global_clipnorm=2.0))
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(optimizer)
    )
    assert type(again) is type(optimizer)
    assert again.get_config() == optimizer.get_config()


FIT = """
random = np.random.default_rng(0)
x = random.uniform(0, 255, (16, 4, 4, 3)).astype("float32")
y = np.arange(16, dtype="int32") % 5


def fit(name, **options):
    keras.utils.set_random_seed(0)
    with strategy.scope():
        images = keras.Input((4, 4, 3))
        flat = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(images))
        embedder = keras.Model(images, keras.layers.Dense(3)(flat))
        head = ks.heads.get("cosface", 5, scale=8.0)
        recognizer = ks.FaceRecognizer(embedder, head)
        recognizer.compile(ks.optimizers.get(name, 0.01, **options))
    recognizer.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0)
    return np.concatenate([w.ravel() for w in recognizer.get_weights()])


averaged = {"weight_decay": 0.01, "global_clipnorm": 0.1, "use_ema": True}
accumulated = {"global_clipnorm": 0.1, "gradient_accumulation_steps": 2}
names, to_accumulate = map(json.loads, arguments)
results = {name: fit(name, **averaged) for name in names}
for name in to_accumulate:
    results[f"{name}, accumulated"] = fit(name, **accumulated)
print(json.dumps({name: found.tolist() for name, found in results.items()}))
"""


# One of each kind: sums of rows, norms of a layer, a matrix at once, neither.
KINDS = ["adafactor", "lamb", "muon", "sgd"]


@pytest.mark.slow
@on_tensorflow
@pytest.mark.parametrize(
    ("names", "to_accumulate"),
    [
        (KINDS, ["adamw", "muon"]),
        pytest.param(
            sorted(set(optimizers.names()) - set(KINDS)),
            ["nadam"],
            marks=pytest.mark.release,
        ),
    ],
    ids=["kinds", "others"],
)
def test_two_replicas_train_as_one_device_does(names, to_accumulate):
    texts = [json.dumps(names), json.dumps(to_accumulate)]
    one, two = (run_replicas(count, FIT, *texts) for count in (1, 2))
    assert len(one) == len(names) + len(to_accumulate)
    for name, expected in one.items():
        np.testing.assert_allclose(two[name], expected, atol=2e-5, err_msg=name)
