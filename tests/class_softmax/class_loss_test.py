"""The losses of logits, held to float64 loops over one class at a time."""

import math

import keras
import numpy as np
import pytest
from gradients import value_and_gradients
from keras import ops

from keras_sphereface.class_softmax import (
    BinaryLoss,
    PrecomputedLoss,
    SoftmaxLoss,
    split_logits,
)

LABELS = np.int32([2, 0, 4, 2])
WEIGHTS = np.float32([1.0, 2.0, 0.5, 3.0, 0.25])


def softplus(z):
    return max(z, 0.0) + math.log1p(math.exp(-abs(z)))


def split_loop(logits, labels, is_binary, weights):
    """True logits, sums over the others, largest others, slopes of sums."""
    target, sums, largest = [], [], []
    slopes = np.zeros(logits.shape)
    for i, row in enumerate(logits.astype("float64")):
        others = [j for j in range(len(row)) if j != labels[i]]
        top = max((row[j] for j in others), default=-1e30)
        target.append(row[labels[i]])
        largest.append(top)
        if is_binary:
            sums.append(sum(weights[j] * softplus(row[j]) for j in others))
            for j in others:
                slopes[i, j] = weights[j] * math.exp(-softplus(-row[j]))
            continue
        terms = {j: weights[j] * math.exp(row[j] - top) for j in others}
        total = sum(terms.values())
        sums.append(top + math.log(total) if others else -1e30)
        for j in others:
            slopes[i, j] = terms[j] / total
    return [np.array(values) for values in (target, sums, largest)], slopes


def make_logits(kind):
    logits = 5 * np.random.default_rng(0).normal(size=(4, 5))
    if kind == "large":  # past what an exponential of float32 holds
        logits *= 100
    if kind == "equal":
        logits[:] = 3.0
    if kind == "certain":  # a sum of which the true class has all but e^-90
        logits[np.arange(4), LABELS] = 90.0
        logits[:, 3] = 0.0
    return logits.astype("float32")


@pytest.mark.parametrize("class_weights", [None, WEIGHTS])
@pytest.mark.parametrize("is_binary", [False, True])
@pytest.mark.parametrize("kind", ["plain", "large", "equal", "certain"])
def test_the_true_class_and_the_others_equal_a_loop(
    kind, is_binary, class_weights
):
    logits = make_logits(kind)
    weights = np.ones(5) if class_weights is None else class_weights
    expected, slopes = split_loop(logits, LABELS, is_binary, weights)
    random = np.random.default_rng(1)
    d_target, d_sum = random.normal(size=(2, 4)).astype("float32")
    variable = keras.Variable(logits)

    def split():
        return split_logits(
            ops.convert_to_tensor(variable),
            ops.convert_to_tensor(LABELS),
            is_binary=is_binary,
            class_weights=class_weights,
        )

    for found, other in zip(split(), expected, strict=True):
        np.testing.assert_allclose(
            ops.convert_to_numpy(found), other, rtol=1e-6, atol=1e-6
        )

    def weighted():
        target, total, largest = split()
        total = ops.sum(total * ops.convert_to_tensor(d_sum))
        total = total + ops.sum(target * ops.convert_to_tensor(d_target))
        return total + ops.sum(largest)  # which has no gradient

    _, (gradient,) = value_and_gradients(weighted, [variable])
    slopes = slopes * d_sum[:, None]
    slopes[np.arange(4), LABELS] = d_target
    np.testing.assert_allclose(gradient, slopes, rtol=1e-4, atol=2e-6)


@pytest.mark.parametrize(("is_binary", "total"), [(True, 0), (False, -1e30)])
def test_one_class_alone_has_no_others(is_binary, total):
    variable = keras.Variable(np.float32([[3.0], [-2.0]]))
    labels = ops.zeros((2,), "int32")

    def split():
        return split_logits(
            ops.convert_to_tensor(variable), labels, is_binary=is_binary
        )

    _, others, largest = map(ops.convert_to_numpy, split())
    np.testing.assert_array_equal(others, np.float32([total, total]))
    np.testing.assert_array_equal(largest, np.float32([-1e30, -1e30]))
    _, (gradient,) = value_and_gradients(
        lambda: ops.sum(split()[0]) + ops.sum(split()[1]), [variable]
    )
    np.testing.assert_array_equal(gradient, [[1.0], [1.0]])


LOSS_CASES = {
    "softmax": SoftmaxLoss(),
    "weighted softmax": SoftmaxLoss(2.5),
    "binary": BinaryLoss(),
    "weighted binary": BinaryLoss(0.7, 0.3, 2.5),
}


def loss_loop(loss, logits, labels, weights):
    losses = []
    for row, y in zip(logits.astype("float64"), labels, strict=True):
        others = [j for j in range(len(row)) if j != y]
        if loss.is_binary:
            total = loss.positive_weight * softplus(-row[y])
            for j in others:
                total += loss.negative_weight * weights[j] * softplus(row[j])
        else:
            shares = [weights[j] * math.exp(row[j] - row[y]) for j in others]
            total = math.log1p(sum(shares))
        losses.append(loss.weight * total)
    return losses


@pytest.mark.parametrize("class_weights", [None, WEIGHTS])
@pytest.mark.parametrize("name", LOSS_CASES)
def test_losses_equal_a_loop(name, class_weights):
    loss, logits = LOSS_CASES[name], make_logits("plain")
    weights = np.ones(5) if class_weights is None else class_weights
    expected = loss_loop(loss, logits, LABELS, weights)
    logits, labels = map(ops.convert_to_tensor, (logits, LABELS))
    losses = loss.from_logits(logits, labels, class_weights)
    np.testing.assert_allclose(
        ops.convert_to_numpy(losses), expected, rtol=1e-5
    )
    target, others, _ = split_logits(
        logits, labels, is_binary=loss.is_binary, class_weights=class_weights
    )
    np.testing.assert_array_equal(
        ops.convert_to_numpy(loss.from_sums(target, others)),
        ops.convert_to_numpy(losses),
    )


def test_softmax_is_the_cross_entropy_of_keras_in_value_and_gradient():
    variable = keras.Variable(make_logits("plain"))
    ours, keras_own = (
        value_and_gradients(
            lambda function=function: ops.sum(
                function(ops.convert_to_tensor(variable))
            ),
            [variable],
        )
        for function in (
            lambda z: SoftmaxLoss().from_logits(z, ops.cast(LABELS, "int32")),
            lambda z: ops.sparse_categorical_crossentropy(
                LABELS, z, from_logits=True
            ),
        )
    )
    assert float(ours[0]) == pytest.approx(float(keras_own[0]), rel=1e-6)
    np.testing.assert_allclose(ours[1][0], keras_own[1][0], atol=1e-6)


def test_a_sample_without_doubt_keeps_its_accuracy():
    logits = ops.convert_to_tensor(np.float32([[64.0, 0.0, -64.0]]))
    labels = ops.zeros((1,), "int32")
    losses = SoftmaxLoss().from_logits(logits, labels)
    expected = np.log1p(np.exp(-64.0) + np.exp(-128.0))  # about 1.6e-28
    np.testing.assert_allclose(ops.convert_to_numpy(losses), expected, 1e-4)


LOSSES = np.array([1.0, 2.0, 6.0], "float32")
ANY_LABELS = np.array([5000, 1, 2], "int32")


def test_precomputed_losses_are_averaged():
    assert float(PrecomputedLoss()(ANY_LABELS, LOSSES)) == pytest.approx(3.0)


def test_precomputed_losses_are_weighted_as_keras_does():
    weights = np.array([0.0, 1.0, 0.5], "float32")
    loss = float(PrecomputedLoss()(ANY_LABELS, LOSSES, weights))
    squares = keras.losses.MeanSquaredError()(
        np.zeros((3, 1)), np.sqrt(LOSSES)[:, None], weights
    )
    assert loss == pytest.approx(5.0 / 3)
    assert loss == pytest.approx(float(squares), rel=1e-6)


def test_a_precomputed_loss_keeps_its_reduction_in_a_config():
    loss = PrecomputedLoss(reduction="sum")
    rebuilt = keras.losses.deserialize(keras.losses.serialize(loss))
    assert isinstance(rebuilt, PrecomputedLoss)
    assert float(rebuilt(ANY_LABELS, LOSSES)) == pytest.approx(9.0)


def test_a_precomputed_loss_stays_float32_under_a_half_precision_floatx():
    keras.config.set_floatx("float16")
    try:
        value = PrecomputedLoss()(ANY_LABELS, np.float32([70000.0]))
    finally:
        keras.config.set_floatx("float32")
    assert float(value) == pytest.approx(70000.0)
