"""Large random matrices that are drawn in place, block by block."""

import keras
import numpy as np
from keras import ops

# Numbers that are drawn at a time.
_BLOCK = 2**20


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
    rows, columns, *rest = shape
    shape = (rows, columns + padding, *rest)
    blocks = _draw_blocks(shape, columns, deviation)
    if keras.backend.backend() == "tensorflow" and dtype == "float32":
        import tensorflow as tf

        if tf.executing_eagerly():
            # TensorFlow writes into memory of its own, which the optimizer
            # will too; what it takes over from NumPy, it would copy then.
            matrix = tf.raw_ops.Empty(shape=shape, dtype=dtype)
            for places, block in blocks:
                matrix = tf.raw_ops.InplaceUpdate(x=matrix, i=places, v=block)
            return matrix
    matrix = np.empty(shape, "float32")
    for places, block in blocks:
        matrix[places] = block
    return ops.convert_to_tensor(matrix, dtype)


def _draw_blocks(shape, columns, deviation):
    """Yields rows and what stands in them."""
    seed = keras.random.randint((2,), 0, 2**31 - 1)
    generator = np.random.default_rng(ops.convert_to_numpy(seed).tolist())
    step = max(1, _BLOCK // int(np.prod((columns, *shape[2:]), dtype="int64")))
    for start in range(0, shape[0], step):
        places = np.arange(start, min(start + step, shape[0]), dtype="int32")
        block = np.zeros((len(places), *shape[1:]), "float32")
        drawn = generator.standard_normal(block[:, :columns].shape, "float32")
        block[:, :columns] = drawn * np.float32(deviation)
        yield places, block
