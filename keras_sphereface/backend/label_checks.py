"""Labels of a `tf.data` pipeline, checked where an error can be raised."""

import sys

import keras

from keras_sphereface.backend.values import check_labels


def with_checked_labels(data, num_classes):
    """The same batches, with an error for labels that cannot be.

    A step that XLA compiles, as Keras does by itself on a GPU, cannot raise;
    the pipeline before it can.

    Args:
        data: what `fit` takes. All but a `tf.data.Dataset` of images and
            labels on the TensorFlow backend comes back as it is.
        num_classes: int, number of classes.

    Returns:
        `tf.data.Dataset`, or `data`.
    """
    tf = sys.modules.get("tensorflow")
    if keras.backend.backend() != "tensorflow" or not isinstance(
        data, tf.data.Dataset
    ):
        return data
    parts = data.element_spec
    if not isinstance(parts, tuple) or len(parts) < 2:
        return data
    if not isinstance(parts[1], tf.TensorSpec) or parts[1].shape.rank is None:
        return data

    def check(images, labels, *weights):
        checked, _ = check_labels(labels, num_classes)
        with tf.control_dependencies([checked]):
            return images, tf.identity(labels), *weights

    return data.map(check)
