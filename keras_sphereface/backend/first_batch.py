"""A look at the first images that a model gets, whatever brings them."""

import sys
import types

import keras
import numpy as np

from keras_sphereface.contract import check_first_images
from keras_sphereface.contract.first_images import scale_faults

# As many of an array as tell the colors of faces.
_LOOKED_AT = 256


def with_first_images_checked(data):
    """The same data, with an error if its first images cannot be pixels.

    Arrays are looked at now, a dataset as its first batch is read, on each
    pass. There is no look at what has no images `[batch_size, height, width,
    3]`, or cannot be looked at twice, such as a torch `DataLoader`.

    Args:
        data: what `fit`, `evaluate` or `predict` take as `x`.

    Returns:
        `data`, or what takes its place.
    """
    tf = sys.modules.get("tensorflow")
    if tf is not None and isinstance(data, tf.data.Dataset):
        return _checked_dataset(data)
    if isinstance(data, keras.utils.PyDataset):
        if data.num_batches:
            _check_batch(data[0])
    elif isinstance(data, types.GeneratorType):
        return _checked_generator(data)
    elif isinstance(data, np.ndarray) or keras.ops.is_tensor(data):
        _check(data[:_LOOKED_AT])
    return data


def _check_batch(batch):
    _check(batch[0] if isinstance(batch, tuple | list) else batch)


def _check(images):
    if len(getattr(images, "shape", ())) == 4 and images.shape[-1] == 3:
        images = keras.ops.convert_to_numpy(images)
        if images.size:
            check_first_images(images)


def _checked_generator(batches):
    for number, batch in enumerate(batches):
        if not number:
            _check_batch(batch)
        yield batch


def _checked_dataset(dataset):
    import tensorflow as tf

    spec = dataset.element_spec
    spec = spec[0] if isinstance(spec, tuple) else spec
    is_images = (
        isinstance(spec, tf.TensorSpec)
        and spec.dtype.is_floating
        and spec.shape.rank == 4
        and spec.shape[-1] == 3
    )
    if not is_images:
        return dataset

    def check(images):
        low = tf.cast(tf.reduce_min(images), "float32")
        high = tf.cast(tf.reduce_max(images), "float32")
        is_finite = tf.math.is_finite(low) & tf.math.is_finite(high)
        checks = [
            tf.debugging.Assert(
                is_finite,
                ["`images` must be finite. Received: NaN or infinity"],
            )
        ]
        for is_so, hint in scale_faults(low, high):
            checks.append(
                tf.debugging.Assert(
                    ~is_so,
                    [
                        f"`images` must hold pixels in [0, 255].{hint} "
                        "Received: images from",
                        low,
                        "to",
                        high,
                    ],
                )
            )
        with tf.control_dependencies(checks):
            return tf.constant(True)

    def check_first(number, batch):
        images = batch[0] if isinstance(batch, tuple) else batch
        checked = tf.cond(
            number == 0, lambda: check(images), lambda: tf.constant(True)
        )
        with tf.control_dependencies([checked]):
            images = tf.identity(images)
        return (images, *batch[1:]) if isinstance(batch, tuple) else images

    # Nothing in it is to be rewritten, and looking takes longer than tracing.
    return dataset.enumerate().map(
        tf.autograph.experimental.do_not_convert(check_first)
    )
