"""Updates of weights that all replicas of a `tf.distribute` strategy agree on.

For the TensorFlow backend; `keras.optimizers` is right on the others.
"""

import keras

from keras_sphereface.backend.replicas import (
    replica_index_and_count,
    sum_over_replicas,
)


def may_have_replicas():
    """Whether the backend has replicas, in which Keras's optimizers go wrong.

    Returns:
        Bool, `True` on TensorFlow.
    """
    return keras.backend.backend() == "tensorflow"


def has_strategy():
    """Whether what is made now is made under a strategy.

    Returns:
        Bool.
    """
    if not may_have_replicas():
        return False
    import tensorflow as tf

    return tf.distribute.has_strategy()


def clip_sum(grads, clip, limit):
    """Gradients whose sum over the replicas is clipped.

    Args:
        grads: list of tensors, of this replica; `None` stays `None`.
        clip: `"clipnorm"`, `"global_clipnorm"` or `"clipvalue"`, as in
            `keras.optimizers`.
        limit: float, what is clipped to.

    Returns:
        List of tensors, the same on all replicas: an equal share of the sum.
    """
    import tensorflow as tf

    found = sum_over_replicas(
        [tf.convert_to_tensor(g) for g in grads if g is not None]
    )
    if clip == "global_clipnorm":
        found, _ = tf.clip_by_global_norm(found, limit)
    elif clip == "clipnorm":
        found = [tf.clip_by_norm(g, limit) for g in found]
    else:
        found = [tf.clip_by_value(g, -limit, limit) for g in found]
    # An optimizer sums over the replicas once more.
    _, num_replicas = replica_index_and_count()
    found = iter([g / num_replicas for g in found])
    return [None if g is None else next(found) for g in grads]


def make_accumulator(variable):
    """Zeros like a weight, others on each replica.

    Args:
        variable: `keras.Variable`.

    Returns:
        `keras.Variable`.
    """
    return keras.Variable(
        keras.ops.zeros(variable.shape, variable.dtype),
        trainable=False,
        # Each replica sums up what it found itself.
        synchronization="on_read",
        aggregation="sum",
        name=f"{variable.path.replace('/', '_')}_accumulator",
    )


def accumulate(grads, accumulators, update, *, steps, is_update):
    """Adds gradients up on their replica; every few batches, updates.

    Args:
        grads: list of tensors, of this replica; `None` where a weight has no
            gradient.
        accumulators: list of `keras.Variable`, of `make_accumulator`.
        update: callable from a list like `grads`, the means over batches.
            Called in each replica. The accumulators are zeros after it.
        steps: int, batches per update.
        is_update: bool tensor, whether this batch is the last of its update;
            the same on all replicas.
    """
    import tensorflow as tf

    accumulators = [accumulator.value for accumulator in accumulators]

    def add(grads):
        for grad, accumulator in zip(grads, accumulators, strict=True):
            if grad is not None:
                accumulator.assign_add(tf.convert_to_tensor(grad))

    def add_and_update(grads):
        add(grads)
        means = [accumulator / steps for accumulator in accumulators]
        update(
            [
                None if grad is None else mean
                for grad, mean in zip(grads, means, strict=True)
            ]
        )
        for accumulator in accumulators:
            accumulator.assign(tf.zeros(accumulator.shape))

    def choose(strategy, grads, is_update):
        # Replicas cannot meet inside a condition of their own, so the
        # condition is asked once for all of them.
        run = strategy.extended.call_for_each_replica
        is_update = strategy.experimental_local_results(is_update)[0]
        tf.cond(
            is_update,
            lambda: run(add_and_update, args=(grads,)),
            lambda: run(add, args=(grads,)),
        )

    replica = tf.distribute.get_replica_context()
    replica.merge_call(choose, args=(grads, is_update))
