"""The fused kernel against sums in float64."""

import keras
import numpy as np
from keras import ops
from replicas import on_tensorflow

from keras_sphereface.backend.fused_batch_norm import (
    can_fuse_batch_norm,
    fused_batch_norm,
)

MAPS = np.random.default_rng(0).normal(2, 3, (3, 4, 5, 2)).astype("float32")


@on_tensorflow
def test_equals_a_float64_loop():
    gamma, beta = np.float32([2, -1]), np.float32([0.5, 3])
    outputs, mean, variance = (
        ops.convert_to_numpy(part)
        for part in fused_batch_norm(MAPS, gamma, beta, epsilon=0.25)
    )
    for channel in range(2):
        values = MAPS[..., channel].astype("float64").ravel()
        center = sum(values) / len(values)
        # Divided by n, where the kernel divides by n - 1 of 60.
        spread = sum((v - center) ** 2 for v in values) / len(values)
        expected = (values - center) / (spread + 0.25) ** 0.5
        expected = gamma[channel] * expected + beta[channel]
        np.testing.assert_allclose(
            outputs[..., channel].ravel(), expected, atol=1e-5
        )
        np.testing.assert_allclose(mean[channel], center, rtol=1e-5)
        np.testing.assert_allclose(variance[channel], spread, rtol=1e-5)


@on_tensorflow
def test_keeps_half_precision_and_gives_float32_statistics():
    maps = ops.convert_to_tensor(MAPS.astype("float16"))
    outputs, mean, variance = fused_batch_norm(
        maps, np.ones(2, "float16"), np.zeros(2, "float16"), epsilon=1e-3
    )
    assert outputs.dtype == "float16"
    assert mean.dtype == variance.dtype == "float32"


def test_what_it_takes():
    is_there = keras.backend.backend() == "tensorflow"
    assert can_fuse_batch_norm(ops.convert_to_tensor(MAPS)) == is_there
    assert not can_fuse_batch_norm(ops.convert_to_tensor(MAPS[0]))
    assert not can_fuse_batch_norm(keras.KerasTensor((3, 4, 5, 2)))
