"""Arrays that a backend takes over without a copy."""

import keras
import numpy as np
from keras import ops

# What TensorFlow wants the first byte of a shared array to be divisible by.
_ALIGNMENT = 64


def shareable_zeros(shape):
    """A float32 array of zeros that `take_over` need not copy.

    Args:
        shape: tuple of ints.

    Returns:
        NumPy array.
    """
    size = int(np.prod(shape, dtype="int64")) * 4
    buffer = np.zeros(size + _ALIGNMENT, "uint8")
    start = -buffer.ctypes.data % _ALIGNMENT
    return buffer[start : start + size].view("float32").reshape(shape)


def take_over(array, dtype="float32"):
    """A tensor of the backend in the memory of an array.

    Where the backend computes elsewhere or with another type, it is a copy.

    Args:
        array: float32 NumPy array of `shareable_zeros`, not to be written to
            any more.
        dtype: str. Defaults to `"float32"`.

    Returns:
        Tensor.
    """
    if keras.backend.backend() == "tensorflow" and dtype == "float32":
        import tensorflow as tf

        if tf.executing_eagerly():
            return tf.experimental.dlpack.from_dlpack(array.__dlpack__())
    return ops.convert_to_tensor(array, dtype)
