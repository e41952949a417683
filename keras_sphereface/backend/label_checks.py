"""Labels of what `fit` reads, checked where an error can be raised."""

import sys
import types

import keras

from keras_sphereface.backend.values import check_labels


def with_checked_labels(data, num_classes):
    """The same batches, with an error for labels that cannot be.

    A step that XLA compiles, as Keras does by itself on a GPU, cannot raise,
    and JAX makes int32 of its labels, which turns 2**32 into 0; what brings
    the batches can.

    Args:
        data: what `fit` takes. All but a `tf.data.Dataset`, a
            `keras.utils.PyDataset` or a generator, of images and labels, comes
            back as it is.
        num_classes: int, number of classes.

    Returns:
        What takes the place of `data`, or `data`.
    """
    if isinstance(data, keras.utils.PyDataset):
        return _CheckedBatches(data, num_classes)
    if isinstance(data, types.GeneratorType):
        return (_checked_batch(batch, num_classes) for batch in data)
    tf = sys.modules.get("tensorflow")
    if tf is not None and isinstance(data, tf.data.Dataset):
        return _checked_dataset(data, num_classes)
    return data


class _CheckedBatches(keras.utils.PyDataset):
    def __init__(self, batches, num_classes):
        super().__init__(
            workers=batches.workers,
            use_multiprocessing=batches.use_multiprocessing,
            max_queue_size=batches.max_queue_size,
        )
        self.batches, self.num_classes = batches, num_classes

    @property
    def num_batches(self):
        return self.batches.num_batches

    def __getitem__(self, index):
        return _checked_batch(self.batches[index], self.num_classes)

    def on_epoch_begin(self):
        self.batches.on_epoch_begin()

    def on_epoch_end(self):
        self.batches.on_epoch_end()


def _checked_batch(batch, num_classes):
    if isinstance(batch, tuple | list) and len(batch) > 1:
        labels = keras.ops.convert_to_numpy(batch[1])
        is_index = labels.dtype.kind in "iu" and labels.ndim == 1
        if not is_index or ((labels < 0) | (labels >= num_classes)).any():
            check_labels(labels, num_classes)
    return batch


def _checked_dataset(data, num_classes):
    import tensorflow as tf

    parts = data.element_spec
    if not isinstance(parts, tuple) or len(parts) < 2:
        return data
    if not isinstance(parts[1], tf.TensorSpec) or parts[1].shape.rank is None:
        return data
    is_tensorflow = keras.backend.backend() == "tensorflow"
    if not is_tensorflow and not parts[1].dtype.is_integer:
        return data  # soft labels, which the step looks at

    def check(images, labels, *weights):
        if is_tensorflow:
            checked, _ = check_labels(labels, num_classes)
        else:
            checked = tf.debugging.Assert(
                tf.reduce_all((labels >= 0) & (labels < num_classes)),
                [
                    f"`labels` must be in [0, {num_classes}), as "
                    f"num_classes={num_classes}. Received: labels from",
                    tf.reduce_min(labels),
                    "to",
                    tf.reduce_max(labels),
                ],
            )
        with tf.control_dependencies([checked]):
            return images, tf.identity(labels), *weights

    # Nothing in it is to be rewritten, and looking takes longer than tracing.
    return data.map(tf.autograph.experimental.do_not_convert(check))
