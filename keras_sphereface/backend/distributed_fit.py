"""What `tf.distribute` needs of a model that Keras does not do.

Without a strategy, and on other backends, each function here does nothing.
"""

import contextlib

from keras_sphereface.backend.keras_internals import strategy_of


def scope(model):
    """The scope of the model's strategy, as a context manager."""
    strategy = strategy_of(model)
    return contextlib.nullcontext() if strategy is None else strategy.scope()


def count_replicas(model):
    """Replicas that a model trains on."""
    strategy = strategy_of(model)
    return 1 if strategy is None else strategy.num_replicas_in_sync


def is_multi_worker(model):
    """Whether the model trains on several machines."""
    if strategy_of(model) is None:
        return False
    import tensorflow as tf

    return isinstance(
        strategy_of(model), tf.distribute.MultiWorkerMirroredStrategy
    )


def check_compile_arguments(model, arguments):
    """Refuses what Keras cannot do under a strategy, with the way out."""
    if strategy_of(model) is None:
        return
    if arguments.get("jit_compile") is True:
        raise ValueError(
            "`jit_compile` must not be True under a tf.distribute strategy: "
            "XLA cannot reach the variables of the other replicas. Leave it "
            "out; for compiled steps on many devices use the JAX backend with "
            "keras.distribution.DataParallel. Received: jit_compile=True"
        )
    steps = arguments.get("steps_per_execution", 1)
    if steps != 1:
        raise ValueError(
            "`steps_per_execution` must be 1 under a tf.distribute strategy: "
            "Keras cannot loop over batches that are spread over replicas. "
            "Leave it out; a larger batch saves the same overhead. "
            f"Received: steps_per_execution={steps}"
        )


def step_function(model, step):
    """One step on all replicas of all workers, for Keras's loop.

    Keras reduces the logs of a step along an axis they do not have.

    Args:
        model: `keras.Model`.
        step: `model.train_step` or `model.test_step`.

    Returns:
        Function from an iterator over batches to a dict of scalars.
    """
    import tensorflow as tf

    strategy = strategy_of(model)

    def step_on_all(iterator):
        logs = strategy.run(step, args=(next(iterator),))
        return {
            name: strategy.reduce(tf.distribute.ReduceOp.MEAN, value, axis=None)
            for name, value in logs.items()
        }

    if model.run_eagerly:
        return step_on_all
    return tf.function(step_on_all, reduce_retracing=True)
