"""Class labels: integers in range, or an error that says what came."""

import keras
import numpy as np
from keras import ops


def check_labels(labels, num_classes):
    """Class labels as int32, checked.

    Rank and dtype are checked while the step is traced. The range needs the
    values: they are checked at once when execution is eager, and inside the
    compiled step otherwise. XLA on TensorFlow (`jit_compile=True`) cannot
    raise and leaves that last check out.

    Args:
        labels: integer tensor or array, `(batch_size,)` or
            `(batch_size, 1)`, in `[0, num_classes)`.
        num_classes: int, number of classes.

    Returns:
        Int32 tensor, `(batch_size,)`.
    """
    labels = ops.convert_to_tensor(labels)
    dtype = keras.backend.standardize_dtype(labels.dtype)
    if "int" not in dtype:
        raise ValueError(
            "`labels` must be integer class indices. "
            f"Received: labels of dtype {dtype}"
        )
    shape = tuple(labels.shape)
    if len(shape) == 2 and shape[1] == 1:
        labels = ops.squeeze(labels, axis=1)
    elif len(shape) != 1:
        raise ValueError(
            "`labels` must have shape (batch_size,), one class index a "
            f"sample, not one-hot rows. Received: labels of shape {shape}"
        )
    labels = ops.cast(labels, "int32")
    if isinstance(labels, keras.KerasTensor):
        return labels
    return _RANGE_CHECKS[keras.backend.backend()](labels, num_classes)


def _raise_out_of_range(labels, num_classes):
    values = np.asarray(labels)
    wrong = values[(values < 0) | (values >= num_classes)]
    if wrong.size:
        raise ValueError(
            f"`labels` must be in [0, {num_classes}), as "
            f"num_classes={num_classes}. Received: {wrong[:5].tolist()}"
            + (f" and {wrong.size - 5} more" if wrong.size > 5 else "")
        )


def _check_eagerly(labels, num_classes):
    _raise_out_of_range(ops.convert_to_numpy(labels), num_classes)
    return labels


def _check_on_tensorflow(labels, num_classes):
    import tensorflow as tf

    if tf.executing_eagerly():
        return _check_eagerly(labels, num_classes)
    message = f"`labels` must be in [0, {num_classes})."
    checks = [
        tf.debugging.assert_non_negative(labels, message),
        tf.debugging.assert_less(labels, num_classes, message),
    ]
    with tf.control_dependencies(checks):
        return tf.identity(labels)


def _check_on_jax(labels, num_classes):
    import jax

    if not isinstance(labels, jax.core.Tracer):
        return _check_eagerly(labels, num_classes)
    jax.debug.callback(
        lambda values: _raise_out_of_range(values, num_classes), labels
    )
    return labels


_RANGE_CHECKS = {
    "tensorflow": _check_on_tensorflow,
    "jax": _check_on_jax,
    "torch": _check_eagerly,
}
