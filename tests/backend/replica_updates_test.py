"""Numbers by hand: what two replicas find, clipped and added up as one sum."""

import keras
import numpy as np
import pytest
from keras import ops
from replicas import on_tensorflow, run_replicas

from keras_sphereface.backend.replica_updates import (
    clip_sum,
    has_strategy,
    make_accumulator,
    may_have_replicas,
)

PROGRAM = """
from keras_sphereface.backend.replica_updates import (
    accumulate, clip_sum, make_accumulator,
)

FOUND = tf.constant([[1.0, 4.0], [2.0, 0.0]])  # A row on each replica.


def clipped(clip, limit):
    def step():
        index = tf.distribute.get_replica_context().replica_id_in_sync_group
        return clip_sum([FOUND[index], None, FOUND[index, :1]], clip, limit)

    parts = strategy.run(step)
    assert parts[1] is None
    return [
        [local.numpy().tolist() for local in part.values]
        for part in (parts[0], parts[2])
    ]


with strategy.scope():
    weight = keras.Variable(np.zeros(2, "float32"), name="weight")
    means = keras.Variable(np.zeros(2, "float32"))
    accumulator = make_accumulator(weight)


def add(is_update):
    def update(grads):
        total = tf.distribute.get_replica_context().all_reduce("sum", grads[0])
        means.value.assign(total)

    def step():
        index = tf.distribute.get_replica_context().replica_id_in_sync_group
        accumulate(
            [FOUND[index]], [accumulator], update, steps=2, is_update=is_update
        )

    tf.function(lambda: strategy.run(step))()
    locals = accumulator.value.values
    return [v.numpy().tolist() for v in (means.value.values[0], *locals)]


print(json.dumps({
    "clipnorm": clipped("clipnorm", 0.5),
    "global_clipnorm": clipped("global_clipnorm", 0.5),
    "clipvalue": clipped("clipvalue", 2.0),
    "added": add(tf.constant(False)),
    "updated": add(tf.constant(True)),
}))
"""


@pytest.mark.slow
@on_tensorflow
def test_two_replicas_clip_and_add_up_one_sum():
    results = run_replicas(2, PROGRAM)
    # The sums are (3, 4), of norm 5, and (3); each replica has half of what
    # is left of them.
    for clip, vector, number in (
        ("clipnorm", [0.15, 0.2], [0.25]),
        # The norm of (3, 4, 3) is the root of 34.
        (
            "global_clipnorm",
            [0.75 / 34**0.5, 1 / 34**0.5],
            [0.75 / 34**0.5],
        ),
        ("clipvalue", [1, 1], [1]),
    ):
        found = results[clip]
        np.testing.assert_allclose(found[0], [vector] * 2, rtol=1e-6)
        np.testing.assert_allclose(found[1], [number] * 2, rtol=1e-6)
    # Each replica keeps its own row; two batches of (3, 4) have it as a mean.
    assert results["added"] == [[0, 0], [1, 4], [2, 0]]
    assert results["updated"] == [[3, 4], [0, 0], [0, 0]]


@on_tensorflow
def test_on_one_device_what_is_found_is_the_sum():
    grads = [ops.convert_to_tensor(np.float32([3, 4])), None]
    found, nothing = clip_sum(grads, "clipnorm", 0.5)
    assert nothing is None
    np.testing.assert_allclose(found, [0.3, 0.4], rtol=1e-6)


def test_an_accumulator_is_zeros_named_after_its_weight():
    with keras.name_scope("dense"):
        weight = keras.Variable(np.ones((2, 3), "float32"), name="kernel")
    accumulator = make_accumulator(weight)
    assert accumulator.name == "dense_kernel_accumulator"
    assert not accumulator.trainable
    np.testing.assert_array_equal(
        ops.convert_to_numpy(accumulator), np.zeros((2, 3))
    )


def test_a_strategy_is_seen_in_its_scope():
    assert not has_strategy()
    if not may_have_replicas():
        pytest.skip("tf.distribute")
    import tensorflow as tf

    with tf.distribute.OneDeviceStrategy("CPU:0").scope():
        assert has_strategy()
