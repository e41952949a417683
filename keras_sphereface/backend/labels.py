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
            "`labels` must have shape (batch_size,), one class index per "
            f"sample, not one-hot rows. Received: labels of shape {shape}"
        )
    labels = ops.cast(labels, "int32")
    return checked(
        labels,
        labels,
        _is_out_of_range(labels, num_classes),
        f"`labels` must be in [0, {num_classes}), as "
        f"num_classes={num_classes}.",
    )


def labels_of_targets(y_true, num_classes):
    """Class labels from the targets of a Keras loss, checked.

    A `keras.losses.Loss` casts integer targets to float32, which holds class
    indices up to 2^24 exactly. Values are checked as in `check_labels`.

    Args:
        y_true: tensor, `(batch_size,)` or `(batch_size, 1)`, class indices;
            or `(batch_size, num_classes)`, one-hot rows.
        num_classes: int, number of classes.

    Returns:
        Int32 tensor, `(batch_size,)`.
    """
    y_true = ops.convert_to_tensor(y_true)
    shape = tuple(y_true.shape)
    expected = (
        f"`y_true` must hold class indices in [0, {num_classes}) or one-hot "
        f"rows of length {num_classes}."
    )
    if len(shape) == 2 and shape[1] == num_classes and num_classes > 1:
        labels = ops.cast(ops.argmax(y_true, axis=-1), "int32")
        ones = ops.cast(ops.equal(y_true, 1), "int32")
        others = ops.cast(ops.not_equal(y_true, 0), "int32")
        is_wrong = (ops.sum(ones, -1) != 1) | (ops.sum(others, -1) != 1)
        return checked(labels, y_true, is_wrong, expected)
    if len(shape) == 2 and shape[1] == 1:
        y_true = ops.squeeze(y_true, axis=1)
    elif len(shape) != 1:
        raise ValueError(f"{expected} Received: y_true of shape {shape}")
    labels = ops.cast(y_true, "int32")
    is_fraction = ops.cast(labels, y_true.dtype) != y_true
    is_wrong = is_fraction | _is_out_of_range(labels, num_classes)
    return checked(labels, y_true, is_wrong, expected)


def _is_out_of_range(labels, num_classes):
    return (labels < 0) | (labels >= num_classes)


def checked(labels, values, is_wrong, message):
    """`labels`, once no entry of `values` is wrong.

    Args:
        labels: tensor, what comes back.
        values: tensor, what an error shows.
        is_wrong: bool tensor, like `values`.
        message: str, what was expected.

    Returns:
        `labels`.
    """
    if isinstance(labels, keras.KerasTensor):
        return labels
    check = _CHECKS[keras.backend.backend()]
    return check(labels, values, is_wrong, message)


def _raise_if_wrong(values, is_wrong, message):
    wrong = np.asarray(values)[np.asarray(is_wrong)]
    if len(wrong):
        more = f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""
        raise ValueError(f"{message} Received: {wrong[:5].tolist()}{more}")


def _check_eagerly(labels, values, is_wrong, message):
    values = ops.convert_to_numpy(values)
    _raise_if_wrong(values, ops.convert_to_numpy(is_wrong), message)
    return labels


def _check_on_tensorflow(labels, values, is_wrong, message):
    import tensorflow as tf

    if tf.executing_eagerly():
        return _check_eagerly(labels, values, is_wrong, message)
    low, high = tf.reduce_min(values), tf.reduce_max(values)
    check = tf.debugging.Assert(
        tf.reduce_all(tf.logical_not(is_wrong)),
        [message, "Received: values from", low, "to", high],
    )
    with tf.control_dependencies([check]):
        return tf.identity(labels)


def _check_on_jax(labels, values, is_wrong, message):
    import jax

    if not isinstance(labels, jax.core.Tracer):
        return _check_eagerly(labels, values, is_wrong, message)
    jax.debug.callback(
        lambda values, is_wrong: _raise_if_wrong(values, is_wrong, message),
        values,
        is_wrong,
    )
    return labels


def _check_on_torch(labels, values, is_wrong, message):
    if labels.is_meta:  # Keras infers shapes; there are no values.
        return labels
    return _check_eagerly(labels, values, is_wrong, message)


_CHECKS = {
    "tensorflow": _check_on_tensorflow,
    "jax": _check_on_jax,
    "torch": _check_on_torch,
}
