import math

import keras
import numpy as np
import pytest
from gradients import value_and_gradients
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from keras_sphereface.class_softmax import BinaryLoss, SoftmaxLoss
from keras_sphereface.ops import (
    Margin,
    class_logits,
    logits_of_cosines,
    smooth_labels,
    soft_label_logits,
)

COSINES = np.random.default_rng(0).uniform(-0.9, 0.9, (4, 5))
SOFT = np.array(
    [
        [0.7, 0.3, 0, 0, 0],
        [0.2, 0.2, 0.2, 0.2, 0.2],
        [0, 0, 0, 0, 1],
        [0, 0.5, 0, 0.25, 0.25],
    ]
)
SCALE = 8.0
MARGINS = {
    "target": (lambda c: c - 0.3, None),
    "others": (None, lambda c: c + 0.2 * c * c),
    "both": (lambda c: 0.5 * c - 0.2, lambda c: c + 0.1),
}


def oracle_logits(margin):
    """Float64: the two values of each class, weighed."""
    target, others = (f or (lambda c: c) for f in MARGINS[margin])
    return [
        [
            SCALE * (q * target(c) + (1 - q) * others(c))
            for c, q in zip(cosines, row, strict=True)
        ]
        for cosines, row in zip(COSINES, SOFT, strict=True)
    ]


def softmax_oracle(logits):
    losses = []
    for row, soft in zip(logits, SOFT, strict=True):
        total = sum(math.exp(z) for z in row)
        losses.append(
            -sum(
                q * math.log(math.exp(z) / total)
                for z, q in zip(row, soft, strict=True)
            )
        )
    return losses


def binary_oracle(logits):
    return [
        sum(
            0.7 * q * math.log1p(math.exp(-z))
            + 0.3 * (1 - q) * math.log1p(math.exp(z))
            for z, q in zip(row, soft, strict=True)
        )
        for row, soft in zip(logits, SOFT, strict=True)
    ]


@pytest.mark.parametrize("margin", MARGINS)
@pytest.mark.parametrize(
    ("loss", "oracle"),
    [
        (SoftmaxLoss(2.0), softmax_oracle),
        (BinaryLoss(0.7, 0.3, 2.0), binary_oracle),
    ],
)
def test_equals_the_oracle(margin, loss, oracle):
    logits = soft_label_logits(
        ops.convert_to_tensor(np.float32(COSINES)),
        ops.convert_to_tensor(np.float32(SOFT)),
        margin=Margin(*MARGINS[margin]),
        scale=SCALE,
    )
    expected = oracle_logits(margin)
    np.testing.assert_allclose(
        ops.convert_to_numpy(logits), expected, rtol=1e-5, atol=1e-6
    )
    losses = loss.from_soft_labels(
        logits, ops.convert_to_tensor(np.float32(SOFT))
    )
    np.testing.assert_allclose(
        ops.convert_to_numpy(losses), 2 * np.array(oracle(expected)), rtol=1e-5
    )


@pytest.mark.parametrize("detach", [False, True, "cosine"])
@pytest.mark.parametrize("margin", MARGINS)
def test_one_hot_rows_are_class_indices(margin, detach):
    """In value and gradient, of the cosines and of a scale that learns."""
    labels = np.int32([1, 4, 0, 1])
    margin = Margin(*MARGINS[margin], detach=detach)
    variables = [
        keras.Variable(np.float32(COSINES)),
        keras.Variable(np.float32([[3], [1], [4], [2]])),
    ]
    weights = ops.convert_to_tensor(
        np.random.default_rng(1).normal(size=(4, 5)).astype("float32")
    )

    def hard():
        cosines, scale = map(ops.convert_to_tensor, variables)
        logits, *_ = logits_of_cosines(
            cosines, labels, margin=margin, scale=scale
        )
        return ops.sum(weights * logits)

    def soft():
        cosines, scale = map(ops.convert_to_tensor, variables)
        rows = ops.one_hot(labels, 5)
        return ops.sum(
            weights
            * soft_label_logits(cosines, rows, margin=margin, scale=scale)
        )

    hard_value, hard_gradients = value_and_gradients(hard, variables)
    soft_value, soft_gradients = value_and_gradients(soft, variables)
    np.testing.assert_allclose(soft_value, hard_value, rtol=1e-6)
    for a, b in zip(soft_gradients, hard_gradients, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("loss", [SoftmaxLoss(), BinaryLoss(0.7, 0.3)])
def test_losses_of_one_hot_rows_are_those_of_indices(loss):
    labels = ops.convert_to_tensor(np.int32([1, 4, 0, 1]))
    logits = ops.convert_to_tensor(np.float32(SCALE * COSINES))
    np.testing.assert_allclose(
        ops.convert_to_numpy(
            loss.from_soft_labels(logits, ops.one_hot(labels, 5))
        ),
        ops.convert_to_numpy(loss.from_logits(logits, labels)),
        rtol=1e-5,
    )


@settings(max_examples=20, deadline=None)
@given(
    smoothing=st.floats(0, 0.99),
    num_classes=st.integers(2, 20),
    seed=st.integers(0, 9),
)
def test_smoothed_rows_sum_to_one_and_keep_their_order(
    smoothing, num_classes, seed
):
    labels = np.random.default_rng(seed).integers(0, num_classes, 6)
    labels = labels.astype("int32")
    rows = ops.convert_to_numpy(
        smooth_labels(ops.convert_to_tensor(labels), num_classes, smoothing)
    )
    np.testing.assert_allclose(rows.sum(1), 1, rtol=1e-5)
    np.testing.assert_allclose(
        rows.min(1), smoothing / num_classes, rtol=1e-5, atol=1e-9
    )
    np.testing.assert_array_equal(rows.argmax(1), labels)
    again = smooth_labels(
        ops.one_hot(labels, num_classes, dtype="float32"),
        num_classes,
        smoothing,
    )
    np.testing.assert_allclose(
        ops.convert_to_numpy(again), rows, rtol=1e-6, atol=1e-9
    )


def test_centers_are_not_needed_and_a_bias_is_added():
    plain = soft_label_logits(
        ops.convert_to_tensor(np.float32(COSINES)),
        ops.convert_to_tensor(np.float32(SOFT)),
        margin=Margin(),
        scale=SCALE,
    )
    biased = soft_label_logits(
        ops.convert_to_tensor(np.float32(COSINES)),
        ops.convert_to_tensor(np.float32(SOFT)),
        margin=Margin(),
        scale=SCALE,
        bias=-3.0,
    )
    np.testing.assert_allclose(
        ops.convert_to_numpy(biased), ops.convert_to_numpy(plain) - 3, rtol=1e-6
    )
    centers = np.eye(5, dtype="float32")
    rows = np.float32(COSINES) / np.linalg.norm(COSINES, axis=1, keepdims=True)
    logits, *_ = class_logits(
        rows.astype("float32"),
        centers,
        np.int32([0, 0, 0, 0]),
        margin=Margin(),
        scale=SCALE,
    )
    soft = soft_label_logits(
        rows, np.float32(SOFT), margin=Margin(), scale=SCALE
    )
    np.testing.assert_allclose(
        ops.convert_to_numpy(soft), ops.convert_to_numpy(logits), rtol=1e-5
    )
