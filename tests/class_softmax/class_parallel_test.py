"""What of shared-out classes one device shows; see tests/training for more."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_sphereface.class_softmax import (
    ClassParallel,
    count_class_shards,
    pad_columns,
)

ON_JAX = keras.backend.backend() == "jax"


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 4)])
@pytest.mark.parametrize("padding", [0, 1, 5])
def test_columns_of_zeros_come_after_the_others(shape, padding):
    matrix = np.random.default_rng(0).normal(size=shape).astype("float32")
    found = ops.convert_to_numpy(
        pad_columns(ops.convert_to_tensor(matrix), padding)
    )
    assert found.shape == (2, 3 + padding, *shape[2:])
    np.testing.assert_array_equal(found[:, :3], matrix)
    np.testing.assert_array_equal(found[:, 3:], 0)


def test_without_a_distribution_there_is_one_shard():
    assert count_class_shards() == 1


@pytest.mark.skipif(ON_JAX, reason="JAX is what it is for")
def test_another_backend_is_named():
    with pytest.raises(ValueError, match="needs the jax backend"):
        ClassParallel()


@pytest.mark.skipif(not ON_JAX, reason="it is for JAX")
def test_one_device_is_one_shard():
    distribution = ClassParallel(keras.distribution.list_devices()[:1])
    keras.distribution.set_distribution(distribution)
    try:
        assert count_class_shards() == 1
    finally:
        keras.distribution.set_distribution(None)
