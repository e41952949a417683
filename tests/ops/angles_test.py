import keras
import numpy as np
from gradients import value_and_gradients
from keras import ops

from keras_sphereface.ops import angle, safe_normalize


def test_angle_and_its_gradient_keep_float32_accuracy_near_the_poles():
    near = 1 - np.geomspace(1.1e-5, 1.0, 200)
    cos_theta = np.float32(np.concatenate([near, -near]))
    exact = cos_theta.astype("float64")
    variable = keras.Variable(cos_theta)
    np.testing.assert_allclose(
        ops.convert_to_numpy(angle(ops.convert_to_tensor(cos_theta))),
        np.arccos(exact),
        rtol=1e-6,
    )
    _, (gradient,) = value_and_gradients(
        lambda: ops.sum(angle(ops.convert_to_tensor(variable))), [variable]
    )
    expected = -1 / np.sqrt((1 - exact) * (1 + exact))
    np.testing.assert_allclose(gradient, expected, rtol=2e-6)


def test_angle_is_clipped_and_flat_at_the_poles():
    variable = keras.Variable(np.float32([1.0, -1.0, 1.0000001, -1.0000001]))
    total, (gradient,) = value_and_gradients(
        lambda: ops.sum(angle(ops.convert_to_tensor(variable))), [variable]
    )
    np.testing.assert_allclose(total, 2 * np.pi, rtol=1e-6)
    np.testing.assert_array_equal(gradient, 0)


def test_safe_normalize_returns_unit_vectors_and_norms():
    vectors = np.random.default_rng(0).normal(size=(5, 7)).astype("float32")
    unit, norms = safe_normalize(ops.convert_to_tensor(vectors))
    expected = [np.sqrt(sum(float(v) ** 2 for v in row)) for row in vectors]
    norms = ops.convert_to_numpy(norms)
    np.testing.assert_allclose(norms[:, 0], expected, rtol=1e-6)
    np.testing.assert_allclose(
        ops.convert_to_numpy(unit) * norms, vectors, rtol=1e-5
    )


def test_safe_normalize_normalizes_columns_by_axis():
    vectors = np.random.default_rng(0).normal(size=(5, 7)).astype("float32")
    unit, norms = safe_normalize(ops.convert_to_tensor(vectors), axis=0)
    assert tuple(norms.shape) == (1, 7)
    squares = (ops.convert_to_numpy(unit) ** 2).sum(axis=0)
    np.testing.assert_allclose(squares, 1, rtol=1e-5)


def test_zero_vector_has_no_direction_no_norm_and_no_gradient():
    variable = keras.Variable(np.float32([[0, 0, 0], [3, 0, 4]]))

    def total():
        unit, norms = safe_normalize(ops.convert_to_tensor(variable))
        return ops.sum(unit) + ops.sum(norms)

    value, (gradient,) = value_and_gradients(total, [variable])
    np.testing.assert_allclose(value, 3 / 5 + 4 / 5 + 5, rtol=1e-6)
    np.testing.assert_array_equal(gradient[0], 0)
    assert np.abs(gradient[1]).max() > 0.1
