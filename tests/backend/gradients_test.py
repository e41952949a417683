"""Gradients worked out by hand, on whichever backend runs."""

import keras
import numpy as np
from gradients import value_and_gradients
from keras import ops

from keras_sphereface.backend import custom_gradient, gradients
from keras_sphereface.backend.gradients import vector_jacobian

X = np.float32([[1, 2], [3, -4]])


def test_gradients_of_a_scalar():
    a, b = keras.Variable(X), keras.Variable(np.float32(3))
    found = gradients(
        lambda: ops.sum(ops.square(a)) * ops.convert_to_tensor(b), [a, b]
    )
    np.testing.assert_allclose(ops.convert_to_numpy(found[0]), 6 * X)
    np.testing.assert_allclose(ops.convert_to_numpy(found[1]), 30)


@custom_gradient
def shouted(x, y):
    """`x * y` and `x`, whose gradients are said to be other ones."""

    def gradient(d_product, d_x):
        return 10.0 * d_product + d_x, 100.0 * d_product

    return (x * y, x + 0.0), gradient


def test_a_function_says_its_own_gradient():
    x, y = keras.Variable(X), keras.Variable(X + 1)

    def value():
        product, same = shouted(
            ops.convert_to_tensor(x), ops.convert_to_tensor(y)
        )
        return ops.sum(2.0 * product) + ops.sum(3.0 * same)

    found, (d_x, d_y) = value_and_gradients(value, [x, y])
    np.testing.assert_allclose(found, (2 * X * (X + 1) + 3 * X).sum())
    np.testing.assert_allclose(d_x, np.full((2, 2), 23.0))
    np.testing.assert_allclose(d_y, np.full((2, 2), 200.0))


def test_the_result_that_is_not_used_has_gradient_zero():
    x, y = keras.Variable(X), keras.Variable(X + 1)

    def value():
        product, _ = shouted(ops.convert_to_tensor(x), ops.convert_to_tensor(y))
        return ops.sum(product)

    _, (d_x, d_y) = value_and_gradients(value, [x, y])
    np.testing.assert_allclose(d_x, np.full((2, 2), 10.0))
    np.testing.assert_allclose(d_y, np.full((2, 2), 100.0))


def test_vector_jacobian_is_the_derivative_times_what_comes():
    upstream = np.float32([[1, 0], [-2, 0.5]])
    (found,) = vector_jacobian(
        lambda x: x * x * x,
        (ops.convert_to_tensor(X),),
        ops.convert_to_tensor(upstream),
    )
    np.testing.assert_allclose(
        ops.convert_to_numpy(found), 3 * X**2 * upstream, rtol=1e-6
    )


def test_vector_jacobian_has_one_for_each_value():
    upstream = np.float32([[1, 0], [-2, 0.5]])
    scale, unused = np.float32([[3.0], [5.0]]), np.float32(7.0)
    found = vector_jacobian(
        lambda x, scale, unused: x * x * scale,
        tuple(map(ops.convert_to_tensor, (X, scale, unused))),
        ops.convert_to_tensor(upstream),
    )
    expected = (
        2 * X * scale * upstream,
        (X**2 * upstream).sum(axis=1, keepdims=True),
        np.float32(0.0),
    )
    assert len(found) == 3
    for own, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(ops.convert_to_numpy(own), other, rtol=1e-6)
