"""What `tf.distribute` needs of a model that Keras does not do.

Without a strategy, and on other backends, each function here does nothing.
"""

import contextlib

import keras
import numpy as np


def strategy_of(model):
    """The `tf.distribute.Strategy` a model was built under, or `None`."""
    return getattr(model, "_distribute_strategy", None)


def scope(model):
    """The scope of the model's strategy, as a context manager."""
    strategy = strategy_of(model)
    return contextlib.nullcontext() if strategy is None else strategy.scope()


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


def embedding_function(embedder):
    """Images to embeddings in one batch, for evaluation.

    Under a strategy `keras.Model.predict_on_batch` gives every replica the
    whole batch and returns all their answers; this returns them once.

    Args:
        embedder: `keras.Model`, images to embeddings.

    Returns:
        Function from images, `(batch_size, height, width, 3)`, to a float
        array, `(batch_size, embedding_dim)`.
    """
    if strategy_of(embedder) is None:
        return embedder.predict_on_batch
    import tensorflow as tf

    @tf.function(reduce_retracing=True)
    def embed(images):
        return embedder(images, training=False)

    return lambda images: embed(tf.convert_to_tensor(images)).numpy()


def divisible_fit_data(model, x, y, batch_size, arguments):
    """Arguments of `fit` whose batches divide among the replicas."""
    if _num_replicas(model) == 1:
        return x, y, batch_size, arguments
    arguments = dict(arguments)
    validation = arguments.get("validation_data")
    if validation is not None:
        size = arguments.pop("validation_batch_size", None) or batch_size
        arguments["validation_data"] = (
            _divisible(model, *validation, batch_size=size)
            if isinstance(validation, (tuple, list))
            else _divisible(model, validation)
        )
    if not _is_array(x):
        return _divisible(model, x), y, batch_size, arguments
    for name in ("validation_split", "class_weight"):
        if arguments.get(name):
            raise ValueError(
                f"`{name}` must be left out when arrays train on many "
                "replicas; give `validation_data` or `sample_weight`. "
                f"Received: {name}={arguments[name]!r}"
            )
    weights = arguments.pop("sample_weight", None)
    shuffle = arguments.pop("shuffle", True)
    dataset = _divisible(
        model, x, y, weights, batch_size=batch_size, shuffle=shuffle
    )
    return dataset, None, None, arguments


def divisible_evaluation_data(model, x, y, batch_size, arguments):
    """Arguments of `evaluate` whose batches divide among the replicas."""
    # Within `fit`, Keras evaluates on data it has already spread.
    cached = arguments.get("_use_cached_eval_dataset")
    if _num_replicas(model) == 1 or cached:
        return x, y, batch_size, arguments
    arguments = dict(arguments)
    weights = arguments.pop("sample_weight", None)
    dataset = _divisible(model, x, y, weights, batch_size=batch_size)
    return dataset, None, None, arguments


def _num_replicas(model):
    strategy = strategy_of(model)
    return 1 if strategy is None else strategy.num_replicas_in_sync


def _is_array(x):
    return isinstance(x, (np.ndarray, list)) or keras.ops.is_tensor(x)


def _divisible(
    model, x, y=None, weights=None, *, batch_size=None, shuffle=False
):
    """A dataset of `(images, labels, weights)` in batches that divide."""
    import tensorflow as tf

    if _is_array(x):
        arrays = tuple(
            tf.convert_to_tensor(array)
            for array in (x, y, weights)
            if array is not None
        )
        x = tf.data.Dataset.range(len(arrays[0]))
        if shuffle:
            x = x.shuffle(len(arrays[0]), reshuffle_each_iteration=True)
        x = x.batch(batch_size or 32).map(
            lambda index: tuple(tf.gather(array, index) for array in arrays)
        )
    num_replicas = _num_replicas(model)
    if not isinstance(x, tf.data.Dataset) or _divides(x, num_replicas):
        return x
    return x.map(
        lambda *batch: _filled_up(num_replicas, *batch),
        num_parallel_calls=tf.data.AUTOTUNE,
    )


def _divides(dataset, num_replicas):
    images = keras.tree.flatten(dataset.element_spec)[0]
    size = images.shape[0] if images.shape.rank else None
    return size is not None and size % num_replicas == 0


def _filled_up(num_replicas, images, labels, weights=None):
    """The batch and copies of its images, at weight 0.

    The real images get weights that make up for the larger batch, so that a
    mean over it is the mean over them.
    """
    import tensorflow as tf

    count = tf.shape(labels)[0]
    size = -(-count // num_replicas) * num_replicas
    position = tf.range(size)
    fills = tf.cast(position < count, "float32") * tf.cast(
        size / count, "float32"
    )
    index = position % count
    if weights is not None:
        fills *= tf.cast(tf.gather(weights, index), "float32")
    images, labels = (
        keras.tree.map_structure(lambda t: tf.gather(t, index), part)
        for part in (images, labels)
    )
    return images, labels, fills
