"""Values known now or only in a compiled step; labels that are in range."""

import keras
import numpy as np
from keras import ops

from keras_sphereface.backend.keras_internals import infers_shapes


def check_labels(labels, num_classes):
    """Class labels as int32, checked.

    Rank and dtype are checked while the step is traced. The range needs the
    values: they are checked at once when execution is eager, and inside the
    compiled step otherwise. XLA on TensorFlow (`jit_compile=True`) cannot
    raise; there a wrong label comes back as -1, which a head turns into a loss
    of NaN.

    Args:
        labels: integer tensor or array, `(batch_size,)` or
            `(batch_size, 1)`, in `[0, num_classes)`.
        num_classes: int, number of classes.

    Returns:
        Int32 tensor, `(batch_size,)`.
    """
    if not ops.is_tensor(labels) and not isinstance(labels, keras.KerasTensor):
        # A backend may wrap them to int32, so they are checked before.
        labels = np.asarray(labels)
    dtype = keras.backend.standardize_dtype(labels.dtype)
    if "int" not in dtype:
        raise ValueError(
            "`labels` must be integer class indices. "
            f"Received: labels of dtype {dtype}"
        )
    shape = tuple(labels.shape)
    if len(shape) == 2 and shape[1] == 1:
        labels = labels[:, 0]
    elif len(shape) != 1:
        raise ValueError(
            "`labels` must have shape (batch_size,), one class index per "
            f"sample, not one-hot rows. Received: labels of shape {shape}"
        )
    if not dtype.endswith(("32", "64")):  # may not hold `num_classes`
        labels = ops.cast(labels, "int32")
    is_wrong = (labels < 0) | (labels >= num_classes)
    return checked(
        ops.where(is_wrong, -1, ops.cast(labels, "int32")),
        labels,
        is_wrong,
        f"`labels` must be in [0, {num_classes}), as num_classes={num_classes}.",
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
    is_wrong = is_fraction | (labels < 0) | (labels >= num_classes)
    labels = ops.where(is_wrong, -1, labels)
    return checked(labels, y_true, is_wrong, expected)


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
    if is_traced(labels):
        check = _CHECKS_IN_A_STEP[keras.backend.backend()]
        return check(labels, values, is_wrong, message)
    is_wrong = ops.convert_to_numpy(is_wrong)
    if is_wrong.any():
        _raise_wrong(ops.convert_to_numpy(values)[is_wrong], message)
    return labels


def _raise_wrong(wrong, message):
    more = f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""
    raise ValueError(f"{message} Received: {wrong[:5].tolist()}{more}")


def is_traced(tensor):
    """Whether `tensor` has no value yet, since a step is being compiled.

    Args:
        tensor: tensor of the backend.

    Returns:
        Bool.
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        return not tf.executing_eagerly()
    if backend == "jax":
        import jax

        return isinstance(tensor, jax.core.Tracer)
    return infers_shapes()


def _check_on_tensorflow(labels, values, is_wrong, message):
    import tensorflow as tf

    low, high = tf.reduce_min(values), tf.reduce_max(values)
    check = tf.debugging.Assert(
        tf.reduce_all(tf.logical_not(is_wrong)),
        [message, "Received: values from", low, "to", high],
    )
    with tf.control_dependencies([check]):
        return tf.identity(labels)


def _check_on_jax(labels, values, is_wrong, message):
    import jax

    jax.debug.callback(
        lambda labels, values, is_wrong: checked(
            labels, values, is_wrong, message
        ),
        labels,
        values,
        is_wrong,
    )
    return labels


def _check_on_torch(labels, values, is_wrong, message):
    return labels


_CHECKS_IN_A_STEP = {
    "tensorflow": _check_on_tensorflow,
    "jax": _check_on_jax,
    "torch": _check_on_torch,
}
