import keras
import numpy as np
from keras import ops

from keras_sphereface.backend.host_arrays import shareable_zeros, take_over

# Numbers that are drawn at a time.
_BLOCK = 2**20


def draw_centers(shape, padding=0, dtype="float32"):
    """Random centers of norm 1 on average, drawn in place, block by block.

    `keras.initializers.RandomNormal` holds the matrix three times while it
    draws, and TensorFlow never gives that memory back. The numbers follow
    `keras.utils.set_random_seed` and do not depend on the padding.

    Args:
        shape: tuple, `(embedding_dim, num_classes, ...)`.
        padding: int, columns of zeros after the classes. Defaults to `0`.
        dtype: str. Defaults to `"float32"`.

    Returns:
        Tensor, `(embedding_dim, num_classes + padding, ...)`.
    """
    seed = keras.random.randint((2,), 0, 2**31 - 1)
    generator = np.random.default_rng(ops.convert_to_numpy(seed).tolist())
    rows, columns, *rest = shape
    centers = shareable_zeros((rows, columns + padding, *rest))
    deviation = np.float32(rows**-0.5)
    width = int(np.prod(rest, dtype="int64")) * columns
    step = max(1, _BLOCK // width)
    for start in range(0, rows, step):
        block = centers[start : start + step, :columns]
        block[:] = generator.standard_normal(block.shape, "float32")
        block *= deviation
    return take_over(centers, dtype)
