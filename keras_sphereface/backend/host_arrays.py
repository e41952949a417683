"""Large random matrices that are drawn in place, block by block."""

import keras
import numpy as np
from keras import ops

# Numbers that are drawn at a time.
_BLOCK = 2**20
# What TensorFlow wants the first byte of a shared array to be divisible by.
_ALIGNMENT = 64


def draw_columns(shape, *, deviation, padding=0, dtype="float32"):
    """Normal random numbers in a matrix of the backend, without copies of it.

    `keras.initializers.RandomNormal` holds the matrix three times while it
    draws, and TensorFlow never gives that memory back. The numbers follow
    `keras.utils.set_random_seed` and do not depend on the padding.

    Args:
        shape: tuple, `(num_rows, num_columns, ...)`.
        deviation: float, standard deviation.
        padding: int, columns of zeros after the others. Defaults to `0`.
        dtype: str. Defaults to `"float32"`.

    Returns:
        Tensor, `(num_rows, num_columns + padding, ...)`.
    """
    seed = keras.random.randint((2,), 0, 2**31 - 1)
    generator = np.random.default_rng(ops.convert_to_numpy(seed).tolist())
    rows, columns, *rest = shape
    matrix = _aligned_zeros((rows, columns + padding, *rest))
    width = columns * int(np.prod(rest, dtype="int64"))
    step = max(1, _BLOCK // width)
    for start in range(0, rows, step):
        block = matrix[start : start + step, :columns]
        block[:] = generator.standard_normal(block.shape, "float32")
        block *= np.float32(deviation)
    if keras.backend.backend() == "tensorflow" and dtype == "float32":
        import tensorflow as tf

        if tf.executing_eagerly():
            # The tensor takes over the memory of the array.
            return tf.experimental.dlpack.from_dlpack(matrix.__dlpack__())
    return ops.convert_to_tensor(matrix, dtype)


def _aligned_zeros(shape):
    size = int(np.prod(shape, dtype="int64")) * 4
    buffer = np.zeros(size + _ALIGNMENT, "uint8")
    start = -buffer.ctypes.data % _ALIGNMENT
    return buffer[start : start + size].view("float32").reshape(shape)
