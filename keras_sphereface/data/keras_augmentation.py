"""Keras's augmentation layers in a pipeline that repeats by its seed."""

import keras
import tensorflow as tf

from keras_sphereface.backend.keras_internals import draw_from
from keras_sphereface.contract.arguments import check_integer


class KerasAugmentation:
    """A Keras layer as a step of `training_dataset(augment=)`.

    The layers of Keras count their random draws in a variable, so that what
    they do to a batch depends on how many came before. Here every draw follows
    from the seed of the batch: a resumed run, or one with more threads, sees
    the same images. Layers that draw for a whole batch, such as `RandAugment`,
    still do.

    Pixels are rounded and clipped to `[0, 255]` and keep the type they had.
    The layer must be told that range: `value_range=(0, 255)`.

    Args:
        layer: `keras.layers.Layer` from images to images, such as
            `RandAugment`, `RandomErasing` or `RandomRotation`, or one that
            takes a dict of `"images"` and `"labels"`, such as `MixUp`.
        num_classes: int, for a layer that mixes labels: they become rows
            `[batch_size, num_classes]` that sum to 1, the soft labels that
            `FaceRecognizer` and losses on cosines take. Defaults to `None`,
            labels stay as they are.

    Call arguments:
        example: dict with `"image"`, `[batch_size, height, width, 3]`, and
            `"label"`, int, `[batch_size]`.
        seed: two ints, or an int tensor `[2]`.

    Example:

    ```python
    erase = KerasAugmentation(
        keras.layers.RandomErasing(scale=(0.02, 0.2), value_range=(0, 255))
    )
    dataset = training_dataset(faces, 64, augment=[erase])
    ```
    """

    def __init__(self, layer, num_classes=None):
        if not isinstance(layer, keras.layers.Layer):
            raise ValueError(
                "`layer` must be a Keras layer. "
                f"Received: layer of type {type(layer).__name__}"
            )
        if num_classes is not None:
            num_classes = check_integer("num_classes", num_classes, at_least=1)
        self.layer = layer
        self.num_classes = num_classes
        self._stream = _SeedStream()
        for inner in _layers_of(layer):
            draw_from(inner, self._stream)

    def __call__(self, example, *, seed):
        if tf.executing_eagerly():
            # In a graph the layer computes with TensorFlow on every backend.
            return tf.function(self._change)(example, seed)
        return self._change(example, seed)

    def _change(self, example, seed):
        images = tf.convert_to_tensor(example["image"])
        pixels = tf.cast(images, tf.float32)
        self._stream.begin(seed)
        changed = dict(example)
        if self.num_classes is None:
            pixels = self.layer(pixels, training=True)
        else:
            labels = tf.one_hot(example["label"], self.num_classes)
            mixed = self.layer(
                {"images": pixels, "labels": labels}, training=True
            )
            pixels, changed["label"] = mixed["images"], mixed["labels"]
        pixels = tf.clip_by_value(tf.cast(pixels, tf.float32), 0.0, 255.0)
        if images.dtype.is_integer:
            pixels = tf.round(pixels)
        pixels = tf.ensure_shape(pixels, images.shape)
        changed["image"] = tf.cast(pixels, images.dtype)
        return changed


class _SeedStream(keras.random.SeedGenerator):
    """Seeds that all follow from one: draws need no state between batches."""

    def __init__(self):
        # The base makes a variable, which is what this class is there to
        # avoid.
        self.name = "seed_stream"
        self._seed, self._count = None, 0

    def begin(self, seed):
        self._seed = tf.cast(seed, tf.int64)
        self._count = 0

    def next(self, ordered=True):
        self._count += 1
        return tf.random.fold_in(self._seed, self._count)

    def get_config(self):
        return {"seed": 0, "name": self.name}


def _layers_of(layer):
    """The layer and those it is made of, each once."""
    found, waiting = {}, [layer]
    while waiting:
        value = waiting.pop()
        if isinstance(value, keras.layers.Layer):
            if id(value) not in found:
                found[id(value)] = value
                waiting += vars(value).values()
        elif isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, (list, tuple)):
            waiting += value
    return list(found.values())
