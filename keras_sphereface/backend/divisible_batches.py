"""Batches that divide among the replicas of a `tf.distribute` strategy.

Without a strategy, and on other backends, they stay as they are.
"""

import keras
import numpy as np

from keras_sphereface.backend.distributed_fit import count_replicas
from keras_sphereface.backend.keras_internals import is_evaluated_in_fit


def divisible_fit_data(model, x, y, batch_size, arguments):
    """Arguments of `fit` whose batches divide among the replicas."""
    if count_replicas(model) == 1:
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
    if count_replicas(model) == 1 or is_evaluated_in_fit(arguments):
        return x, y, batch_size, arguments
    arguments = dict(arguments)
    weights = arguments.pop("sample_weight", None)
    dataset = _divisible(model, x, y, weights, batch_size=batch_size)
    return dataset, None, None, arguments


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
    num_replicas = count_replicas(model)
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
