"""Cosines and logits with their gradients, held to float64 loops."""

import keras
import numpy as np
import pytest
from gradients import value_and_gradients
from keras import ops

from keras_sphereface.ops import (
    Margin,
    class_logits,
    cosines,
    inverse_column_norms,
    leave_out,
    logits_of_cosines,
    replace_in_rows,
    safe_normalize,
    take_in_rows,
)
from keras_sphereface.ops.cosines import LEFT_OUT


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
    # Each center's by its length: a center of 0.001 turns a thousand times.
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


def test_norms_of_columns_are_inverted_and_those_of_zeros_are_0():
    matrix = np.float32([[3, 0, 1e-3, 1e-16, 1e8], [4, 0, 0, 0, 0]])
    found = ops.convert_to_numpy(inverse_column_norms(matrix))
    np.testing.assert_allclose(found, [0.2, 0, 1e3, 0, 1e-8], rtol=1e-6)


def test_one_entry_of_each_row_is_taken_and_replaced():
    matrix = ops.convert_to_tensor(np.float32([[1, 2, 3], [4, 5, 6]]))
    columns = ops.convert_to_tensor(np.int32([2, 0]))
    found = ops.convert_to_numpy(take_in_rows(matrix, columns))
    np.testing.assert_array_equal(found, [[3], [4]])
    values = ops.convert_to_tensor(np.float32([-1, -2]))
    found = ops.convert_to_numpy(replace_in_rows(matrix, columns, values))
    np.testing.assert_array_equal(found, [[1, 2, -1], [-2, 5, 6]])


def test_the_true_class_is_left_out_and_keeps_its_gradient():
    variable = keras.Variable(np.float32([[1, 2, 3], [4, 5, 6]]))
    columns = ops.convert_to_tensor(np.int32([2, 0]))
    own, rest = leave_out(ops.convert_to_tensor(variable), columns)
    np.testing.assert_array_equal(ops.convert_to_numpy(own), [3, 4])
    expected = np.float32([[1, 2, LEFT_OUT], [LEFT_OUT, 5, 6]])
    np.testing.assert_array_equal(ops.convert_to_numpy(rest), expected)

    weights = ops.convert_to_tensor(np.float32([2, 3]))

    def weighted():
        own, rest = leave_out(ops.convert_to_tensor(variable), columns)
        return ops.sum(own * weights) + 5.0 * ops.sum(rest[0])

    _, (gradient,) = value_and_gradients(weighted, [variable])
    np.testing.assert_array_equal(gradient, [[5, 5, 2], [3, 0, 0]])


# Functions and their slopes; `shifted` also has one for its parameter.
DOUBLED = lambda x: 2.0 * x, lambda x: 2.0
CUBED = lambda x: x * x * x, lambda x: 3 * x * x
SHIFTED = lambda x, p: p * x * x, lambda x, p: 2 * p * x
MARGINS = {
    "none": (None, None),
    "target": (CUBED, None),
    "others": (None, CUBED),
    "both": (CUBED, DOUBLED),
    "parameter": (SHIFTED, None),
    "parameter and others": (SHIFTED, CUBED),
}
LABELS = np.int32([1, 4, 1])
PARAMETER = np.float32([[0.5], [-1.0], [2.0]])


def logits_loop(arrays, target, others, detach, upstream):
    """Logits and gradients of `sum(upstream * logits)`, class by class."""
    unit, centers, scale, bias, parameter = (
        None if array is None else np.asarray(array, "float64")
        for array in arrays
    )
    logits = np.zeros((len(unit), centers.shape[1]))
    d_unit, d_centers = np.zeros_like(unit), np.zeros_like(centers)
    d_scale, d_parameter = np.zeros((3, 1)), np.zeros((3, 1))
    for i, x in enumerate(unit):
        for j in range(centers.shape[1]):
            norm = np.linalg.norm(centers[:, j])
            direction = centers[:, j] / norm if norm else 0 * centers[:, j]
            cosine, slope = x @ direction, 1.0
            value, more = cosine, ()
            function = target if j == LABELS[i] else others
            if function is not None:
                if function is SHIFTED:
                    more = (parameter[i, 0],)
                value = function[0](cosine, *more)
                slope = 1.0 if detach else function[1](cosine, *more)
            logits[i, j] = scale[i, 0] * value
            logits[i, j] += 0.0 if bias is None else bias
            d_cosine = upstream[i, j] * scale[i, 0] * slope
            d_unit[i] += d_cosine * direction
            if norm:
                across = x - cosine * direction
                d_centers[:, j] += d_cosine * across / norm
            d_scale[i] += upstream[i, j] * (cosine if detach is True else value)
            if function is SHIFTED and not detach:
                d_parameter[i] += upstream[i, j] * scale[i, 0] * cosine**2
    return logits, [d_unit, d_centers, d_scale, upstream.sum(), d_parameter]


@pytest.mark.parametrize("bias", [None, -1.5])
@pytest.mark.parametrize("detach", [False, True, "cosine"])
@pytest.mark.parametrize("name", MARGINS)
@pytest.mark.parametrize(
    ("is_given_cosines", "apart"), [(False, False), (False, True), (True, True)]
)
def test_logits_equal_a_float64_loop(
    name, detach, bias, is_given_cosines, apart
):
    target, others = MARGINS[name]
    unit, centers = make_batch()
    centers[:, 2] *= 1e3  # of a size with the others
    scale = np.float32([[4.0], [8.0], [2.0]])
    random = np.random.default_rng(1)
    upstream = random.normal(size=(3, 5)).astype("float32")
    arrays = [unit, centers, scale, bias, PARAMETER]
    expected, slopes = logits_loop(arrays, target, others, detach, upstream)
    kept = [array is not None for array in arrays]
    variables = [
        keras.Variable(np.float32(array))
        for array in arrays
        if array is not None
    ]

    def compute():
        tensors = iter([ops.convert_to_tensor(v) for v in variables])
        unit, centers, scale, bias, parameter = (
            next(tensors) if is_kept else None for is_kept in kept
        )
        margin = Margin(
            target and target[0],
            others and others[0],
            detach,
            (parameter,) if target is SHIFTED else (),
        )
        formula = {"margin": margin, "scale": scale, "bias": bias}
        formula["apart"] = apart
        labels = ops.convert_to_tensor(LABELS)
        unused = 0.0 * ops.sum(parameter)
        if is_given_cosines:
            cos_theta = cosines(unit, centers)
            found = logits_of_cosines(cos_theta, labels, **formula)
        else:
            found = class_logits(unit, centers, labels, **formula)
        return (*found, unused)

    logits, own, cos_target, _ = map(ops.convert_to_numpy, compute())
    rows = np.arange(3)
    np.testing.assert_allclose(
        own, expected[rows, LABELS], rtol=1e-5, atol=1e-5
    )
    if apart:
        np.testing.assert_array_equal(
            logits[rows, LABELS], np.float32(LEFT_OUT)
        )
        expected[rows, LABELS] = LEFT_OUT
    np.testing.assert_allclose(logits, expected, rtol=1e-5, atol=1e-5)
    plain, *_ = loop(unit, centers, upstream)
    np.testing.assert_allclose(cos_target[:, 0], plain[rows, LABELS], atol=1e-6)
    d_logits, d_own = upstream.copy(), upstream[rows, LABELS]
    if apart:
        d_logits[rows, LABELS] = 0
    else:
        d_own = 0 * d_own

    def weighted():
        logits, own, cos_target, unused = compute()
        total = ops.sum(logits * ops.convert_to_tensor(d_logits))
        total = total + ops.sum(own * ops.convert_to_tensor(d_own))
        # The cosines to the true class have no gradient.
        return total + ops.sum(cos_target) + unused

    _, gradients = value_and_gradients(weighted, variables)
    slopes = [
        slope for slope, is_kept in zip(slopes, kept, strict=True) if is_kept
    ]
    for found, other in zip(gradients, slopes, strict=True):
        atol = 5e-6 * max(np.abs(other).max(), 1.0)
        np.testing.assert_allclose(found, other, rtol=0, atol=atol)


@pytest.mark.parametrize("name", MARGINS)
def test_a_scale_that_is_a_number_gives_the_same(name):
    target, others = MARGINS[name]
    parameters = (PARAMETER,) if target is SHIFTED else ()
    margin = Margin(
        target and target[0], others and others[0], False, parameters
    )
    unit, centers = make_batch()
    column, number = (
        class_logits(unit, centers, LABELS, margin=margin, scale=scale)
        for scale in (np.full((3, 1), 8.0, "float32"), 8.0)
    )
    for a, b in zip(column, number, strict=True):
        np.testing.assert_array_equal(
            ops.convert_to_numpy(a), ops.convert_to_numpy(b)
        )


def test_logits_of_a_scale_of_zero_are_zero_and_so_are_their_gradients():
    unit, centers = make_batch()
    unit[1] = 0
    variables = [
        keras.Variable(array)
        for array in (unit, centers, np.float32([[0.0], [0.0], [1.0]]))
    ]

    def total():
        unit, centers, scale = map(ops.convert_to_tensor, variables)
        logits, _, cos_target = class_logits(
            unit, centers, LABELS, margin=Margin(CUBED[0]), scale=scale
        )
        return ops.sum(logits[:2]) + ops.sum(cos_target[1])

    value, gradients = value_and_gradients(total, variables)
    assert float(value) == 0
    for gradient in gradients[:2]:
        np.testing.assert_array_equal(gradient, 0)
    assert np.isfinite(gradients[2]).all()


def test_only_the_true_class_is_replaced_whatever_its_logit_is():
    # An embedding on two centers at once: one is true, the other is not.
    unit, centers = make_batch()
    centers[:, 1] = centers[:, 3] = 5 * unit[0]
    logits, *_ = class_logits(
        unit, centers, LABELS, margin=Margin(lambda c: c - 0.5), scale=10.0
    )
    np.testing.assert_allclose(
        ops.convert_to_numpy(logits)[0, [1, 3]], [5.0, 10.0], atol=1e-5
    )
