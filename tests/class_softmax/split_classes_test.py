"""The true class and the others in chunks, held to all logits at once.

`class_loss_test.py` and `ops/cosines_test.py` hold those to float64 loops, as
`streamed_classes_test.py` does the sums over chunks.
"""

import itertools

import keras
import numpy as np
import pytest
from gradients import value_and_gradients
from keras import ops

from keras_sphereface.class_softmax import split_classes, split_logits
from keras_sphereface.class_softmax.streamed_classes import put_in_rows
from keras_sphereface.ops import Margin, class_logits

MARGINS = {
    "none": Margin(),
    "target": Margin(lambda cos: cos * cos * cos - 0.3),
    "others": Margin(None, lambda cos: 0.5 * cos + 0.5 * cos * cos * cos),
    "both": Margin(lambda cos: cos - 0.3, lambda cos: cos + 0.3),
}
WEIGHTS = np.float32([1, 2, 0.5, 3, 1, 1, 4, 0.25, 1.5, 9, 9])
PADDING = 2
FLAGS = [False, True]
CASES = [*itertools.product(MARGINS, [*FLAGS, "cosine"], FLAGS, FLAGS)]
if keras.backend.backend() == "jax":
    # It compiles each operation of each case; every value is in some of these.
    CASES = CASES[::5]


def make_batch():
    random = np.random.default_rng(0)
    unit = random.normal(size=(4, 5))
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    centers = 2 * random.normal(size=(5, 9))
    centers = np.concatenate([centers, np.zeros((5, PADDING))], axis=1)
    scale = random.uniform(8.0, 16.0, (4, 1))
    arrays = unit, centers, scale, np.array(-1.5)
    labels = np.int32([0, 4, 8, 4])
    return [array.astype("float32") for array in arrays], labels


def split(tensors, labels, class_chunk, margin, is_binary, weights, has_bias):
    unit, centers, scale, bias = tensors
    bias = bias if has_bias else None
    formula = {"margin": margin, "scale": scale, "bias": bias}
    if class_chunk is not None:
        return split_classes(
            unit,
            centers,
            labels,
            class_chunk=class_chunk,
            is_binary=is_binary,
            class_weights=weights,
            num_classes=9,
            **formula,
        )
    logits, _, cos_target = class_logits(unit, centers, labels, **formula)
    weights = None if weights is None else weights[:9]
    return *split_logits(
        logits[:, :9], labels, is_binary=is_binary, class_weights=weights
    ), cos_target


@pytest.mark.parametrize(("name", "detach", "is_binary", "has_bias"), CASES)
def test_equal_those_of_all_logits(name, detach, is_binary, has_bias):
    weights = WEIGHTS if has_bias else None
    arrays, labels = make_batch()
    margin = MARGINS[name]._replace(detach=detach)
    if weights is not None:
        weights = ops.convert_to_tensor(weights)
    random = np.random.default_rng(1)
    upstream = random.normal(size=(2, 4)).astype("float32")
    variables = [keras.Variable(array) for array in arrays]
    results = []
    for class_chunk in (None, 4):

        def compute(class_chunk=class_chunk):
            tensors = [ops.convert_to_tensor(v) for v in variables]
            found = split(
                tensors,
                ops.convert_to_tensor(labels),
                class_chunk,
                margin,
                is_binary,
                weights,
                has_bias,
            )
            return found, 0.0 * tensors[3]

        def weighted(compute=compute):
            (target, others, *_), unused = compute()
            first, second = map(ops.convert_to_tensor, upstream)
            total = ops.sum(target * first)
            return total + ops.sum(others * second) + unused

        found = [ops.convert_to_numpy(each) for each in compute()[0]]
        _, gradients = value_and_gradients(weighted, variables)
        results.append((found, gradients))
    (expected, slopes), (values, gradients) = results
    for own, other in zip(values, expected, strict=True):
        np.testing.assert_allclose(own, other, rtol=1e-5, atol=1e-5)
    for own, other in zip(gradients, slopes, strict=True):
        atol = 5e-6 * max(np.abs(other).max(), 1.0)
        np.testing.assert_allclose(own, other, rtol=0, atol=atol)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ([0, 4, -1], [[-1, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]),
        ([3, -4, 3], [[0, 1, 2, -1], [4, 5, 6, 7], [8, 9, 10, -3]]),
        ([10**9, -(10**9), 1], [[0, 1, 2, 3], [4, 5, 6, 7], [8, -3, 10, 11]]),
    ],
)
def test_a_column_outside_the_matrix_changes_nothing(columns, expected):
    matrix = np.arange(12, dtype="float32").reshape(3, 4)
    values = np.float32([-1, -2, -3])
    found = put_in_rows(matrix, np.int32(columns), values)
    np.testing.assert_array_equal(ops.convert_to_numpy(found), expected)
