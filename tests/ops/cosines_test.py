"""Cosines and their gradients, held to a float64 loop."""

import keras
import numpy as np
import pytest
from gradients import value_and_gradients
from keras import ops

from keras_sphereface.ops import cosines


def make_batch():
    random = np.random.default_rng(0)
    unit = random.normal(size=(3, 4))
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    centers = random.normal(size=(4, 5)) * [1, 100, 1e-3, 1, 1]
    centers[:, 3] = 7 * unit[0]  # cosine 1
    centers[:, 4] = 0
    return unit.astype("float32"), centers.astype("float32")


def loop(unit, centers, upstream):
    unit, centers = unit.astype("float64"), centers.astype("float64")
    values = np.zeros((len(unit), centers.shape[1]))
    d_unit, d_centers = np.zeros_like(unit), np.zeros_like(centers)
    for i, x in enumerate(unit):
        for j in range(centers.shape[1]):
            norm = np.linalg.norm(centers[:, j])
            if norm == 0:
                continue
            direction = centers[:, j] / norm
            values[i, j] = x @ direction
            d_unit[i] += upstream[i, j] * direction
            across = x - values[i, j] * direction
            d_centers[:, j] += upstream[i, j] * across / norm
    return values, d_unit, d_centers


def test_equal_a_float64_loop_in_value_and_gradient():
    arrays = make_batch()
    upstream = np.random.default_rng(1).normal(size=(3, 5)).astype("float32")
    expected, *slopes = loop(*arrays, upstream)
    found = ops.convert_to_numpy(cosines(*arrays))
    np.testing.assert_allclose(found, expected, atol=1e-6)
    variables = [keras.Variable(array) for array in arrays]

    def weighted():
        tensors = [ops.convert_to_tensor(variable) for variable in variables]
        return ops.sum(cosines(*tensors) * ops.convert_to_tensor(upstream))

    value, gradients = value_and_gradients(weighted, variables)
    assert float(value) == pytest.approx((expected * upstream).sum(), rel=1e-5)
    np.testing.assert_allclose(gradients[0], slopes[0], atol=2e-6)
    # Each centre's by its length: a centre of 0.001 turns a thousand times.
    norms = np.maximum(np.linalg.norm(arrays[1], axis=0), 1e-6)
    np.testing.assert_allclose(
        gradients[1] * norms, slopes[1] * norms, atol=2e-6
    )
    np.testing.assert_array_equal(gradients[1][:, 4], 0)


def test_a_variable_will_do_for_the_centers():
    unit, centers = make_batch()
    found = cosines(unit, keras.Variable(centers))
    np.testing.assert_array_equal(
        ops.convert_to_numpy(found),
        ops.convert_to_numpy(cosines(unit, centers)),
    )
