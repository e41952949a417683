"""Batch statistics and their gradient in one kernel, where there is one."""

import keras
from keras import ops


def can_fuse_batch_norm(inputs):
    """Whether `fused_batch_norm` takes these inputs on this backend.

    Args:
        inputs: tensor, or `keras.KerasTensor`, which it does not take.

    Returns:
        Bool.
    """
    return (
        keras.backend.backend() == "tensorflow"
        and not isinstance(inputs, keras.KerasTensor)
        and len(inputs.shape) == 4
    )


def fused_batch_norm(inputs, gamma, beta, *, epsilon):
    """Feature maps normalized by their own statistics, scaled and shifted.

    Args:
        inputs: float tensor, `(batch_size, height, width, channels)`.
        gamma: float tensor, `(channels,)`.
        beta: float tensor, `(channels,)`.
        epsilon: float, added to the variance.

    Returns:
        Tuple of a tensor like `inputs`, and the mean and the variance of each
        channel, float32, `(channels,)`.
    """
    import tensorflow as tf

    outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(
        inputs,
        ops.cast(gamma, "float32"),
        ops.cast(beta, "float32"),
        epsilon=epsilon,
        data_format="NHWC",
        is_training=True,
    )
    # The kernel divides by n - 1, Keras by n.
    count = ops.cast(ops.size(inputs) // inputs.shape[-1], "float32")
    return outputs, mean, variance * ((count - 1.0) / count)
