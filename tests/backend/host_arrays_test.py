"""Arrays whose memory a backend may use as it is."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_sphereface.backend.host_arrays import shareable_zeros, take_over


@pytest.mark.parametrize("shape", [(), (1,), (3, 5), (7, 11, 2)])
def test_zeros_begin_where_tensorflow_wants_them(shape):
    array = shareable_zeros(shape)
    assert array.shape == shape
    assert array.dtype == np.float32
    assert not array.any()
    assert array.ctypes.data % 64 == 0
    array[...] = 1  # and they can be written to


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_a_tensor_has_the_numbers_of_the_array(dtype):
    array = shareable_zeros((2, 3))
    array[:] = [[0, 1, 2], [3, 4, 5]]
    tensor = take_over(array, dtype)
    assert keras.backend.standardize_dtype(tensor.dtype) == dtype
    np.testing.assert_array_equal(
        ops.convert_to_numpy(tensor), [[0, 1, 2], [3, 4, 5]]
    )


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="others may copy"
)
def test_tensorflow_copies_nothing():
    import tensorflow as tf

    with tf.device("CPU:0"):
        array = shareable_zeros((4, 4))
        tensor = take_over(array)
    array[1, 2] = 7
    assert float(tensor[1, 2]) == 7
    compiled = tf.function(lambda: take_over(array))()  # here it must copy
    assert float(compiled[1, 2]) == 7
