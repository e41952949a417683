"""Sums over chunks of classes, held to a float64 loop over single classes."""

import math

import keras
import numpy as np
import pytest
from gradients import value_and_gradients
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from keras_sphereface.class_softmax.streamed_classes import streamed_classes

ON_TENSORFLOW = keras.backend.backend() == "tensorflow"
ON_JAX = keras.backend.backend() == "jax"
# JAX compiles each operation of each shape.
CHUNKS = [4] if ON_JAX else [1, 2, 4]
SHAPES = settings(
    max_examples=3 if ON_JAX else 12,
    deadline=None,
    derandomize=True,
)


def cubed(cosine):
    """An increasing function of a cosine, for `keras.ops` and floats."""
    return 0.5 * cosine + 0.5 * cosine * cosine * cosine


def softplus(z):
    return max(z, 0.0) + math.log1p(math.exp(-abs(z)))


def loop(unit, centers, labels, scale, case, d_total, d_own):
    """Sums, target cosines, largest other logits and gradients, in float64.

    The gradients are those of `sum(d_total * total + d_own * own)`.
    """
    unit, centers = unit.astype("float64"), centers.astype("float64")
    bias = case.get("bias") or 0.0
    num_classes = case.get("num_classes") or centers.shape[1]
    weights = case.get("weights")
    results = [], [], []
    gradients = {
        "unit": np.zeros_like(unit),
        "centers": np.zeros_like(centers),
        "scale": np.zeros((len(unit), 1)),
        "bias": 0.0,
    }
    for i, x in enumerate(unit):
        others, logits = [], []
        for j in range(num_classes):
            norm = math.sqrt(sum(v * v for v in centers[:, j]))
            direction = centers[:, j] / norm if norm else 0 * centers[:, j]
            cosine = float(x @ direction)
            if j == labels[i]:
                results[1].append(cosine)
                slope = d_own[i]
                gradients["unit"][i] += slope * direction
                if norm:
                    gradients["centers"][:, j] += (
                        slope * (x - cosine * direction) / norm
                    )
                continue
            value, slope = cosine, 1.0
            if case.get("function"):
                value = cubed(cosine)
                if not case.get("detach"):
                    slope = 0.5 + 1.5 * cosine**2
            weight = 1.0 if weights is None else float(weights[j])
            logits.append(float(scale[i, 0]) * value + bias)
            others.append((j, cosine, value, slope, weight, direction, norm))
        largest = max(logits, default=-1e30)
        results[2].append(largest)
        if case.get("is_binary"):
            terms = [
                other[4] * softplus(z)
                for other, z in zip(others, logits, strict=True)
            ]
            total = sum(terms)
            slopes = [
                other[4] * math.exp(-softplus(-z))
                for other, z in zip(others, logits, strict=True)
            ]
        elif others:
            terms = [
                other[4] * math.exp(z - largest)
                for other, z in zip(others, logits, strict=True)
            ]
            total = largest + math.log(sum(terms))
            slopes = [term / sum(terms) for term in terms]
        else:
            total, slopes = -1e30, []
        results[0].append(total)
        for other, p in zip(others, slopes, strict=True):
            j, cosine, value, slope, _, direction, norm = other
            d_cosine = d_total[i] * p * float(scale[i, 0]) * slope
            gradients["unit"][i] += d_cosine * direction
            if norm:
                gradients["centers"][:, j] += (
                    d_cosine * (x - cosine * direction) / norm
                )
            seen = cosine if case.get("detach") is True else value
            gradients["scale"][i] += d_total[i] * p * seen
            gradients["bias"] += d_total[i] * p
    return [np.array(values) for values in results], gradients


def make_batch(
    batch_size=4, embedding_dim=5, num_classes=9, scale=16.0, seed=0
):
    random = np.random.default_rng(seed)
    unit = random.normal(size=(batch_size, embedding_dim))
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    centers = 2 * random.normal(size=(embedding_dim, num_classes))
    labels = random.integers(0, num_classes, batch_size)
    labels[-1] = num_classes - 1
    scales = scale * random.uniform(0.5, 1.0, (batch_size, 1))
    return (
        unit.astype("float32"),
        centers.astype("float32"),
        labels.astype("int32"),
        scales.astype("float32"),
    )


def compiled_gradients(function, variables):
    """As `value_and_gradients`, in a TensorFlow graph."""
    import tensorflow as tf

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            value = function()
        return value, tape.gradient(value, [v.value for v in variables])

    return step()


def assert_as_loop(batch, case, class_chunk, *, compiled=False):
    unit, centers, labels, scale = batch
    random = np.random.default_rng(1)
    d_total, d_own = random.normal(size=(2, len(unit))).astype("float32")
    expected, slopes = loop(unit, centers, labels, scale, case, d_total, d_own)
    arguments = {**case, "learns_scale": True, "class_chunk": class_chunk}
    arguments["function"] = cubed if case.get("function") else None
    if case.get("weights") is not None:
        arguments["weights"] = ops.convert_to_tensor(case["weights"])
    names = ["unit", "centers", "scale"]
    variables = [keras.Variable(array) for array in (unit, centers, scale)]
    if case.get("bias") is not None:
        names.append("bias")
        variables.append(keras.Variable(np.float32(case["bias"])))

    def sums():
        tensors = [ops.convert_to_tensor(variable) for variable in variables]
        arguments.update(scale=tensors[2], bias=(*tensors, None)[3])
        return streamed_classes(
            *tensors[:2], ops.convert_to_tensor(labels), **arguments
        )

    def weighted():
        total, own, _ = sums()
        return ops.vdot(total, d_total) + ops.vdot(own, d_own)

    both = value_and_gradients if not compiled else compiled_gradients
    results = [ops.convert_to_numpy(values) for values in sums()]
    value, gradients = both(weighted, variables)
    for own, other in zip(results, expected, strict=True):
        np.testing.assert_allclose(own, other, rtol=2e-5, atol=2e-5)
    total = sum(expected[0] * d_total + expected[1] * d_own)
    tolerance = 2e-5 * max(np.abs(expected[0]).max(), 1.0)
    assert float(value) == pytest.approx(total, rel=2e-5, abs=tolerance)
    for name, gradient in zip(names, gradients, strict=True):
        other = slopes[name]
        atol = 2e-5 * max(np.abs(other).max(), 1.0)
        np.testing.assert_allclose(
            np.asarray(gradient), other, rtol=0, atol=atol, err_msg=name
        )


WEIGHTS = np.float32([1, 2, 0.5, 3, 1, 1, 4, 0.25, 1.5])
CASES = {
    "plain": {},
    "bias": {"bias": -1.5},
    "weights": {"weights": WEIGHTS},
    "padding": {"num_classes": 7},
    "function": {"function": True},
    "detached": {"function": True, "detach": True, "bias": 0.5},
    "detached cosine": {"function": True, "detach": "cosine", "bias": 0.5},
    "binary": {"is_binary": True},
    "binary everything": {
        "is_binary": True,
        "bias": -2.0,
        "function": True,
        "weights": WEIGHTS,
    },
}


@pytest.mark.parametrize("class_chunk", CHUNKS)
@pytest.mark.parametrize("case", CASES)
def test_equals_a_float64_loop(case, class_chunk):
    batch = make_batch()
    case = CASES[case]
    if case.get("num_classes"):
        batch[2][:] = [0, 3, 6, 6]
    assert_as_loop(batch, case, class_chunk)


@pytest.mark.slow
# What a graph unrolls and what it loops over, with and without a remainder,
# in columns that pair up and that do not.
@pytest.mark.parametrize(
    ("num_classes", "class_chunk", "case"),
    [
        (260, 2, "binary"),
        (259, 2, "plain"),
        (131, 1, "plain"),
        (391, 3, "bias"),
        (518, 4, "plain"),
    ],
)
def test_more_chunks_than_a_graph_unrolls(num_classes, class_chunk, case):
    batch = make_batch(3, 4, num_classes)
    assert_as_loop(batch, CASES[case], class_chunk, compiled=ON_TENSORFLOW)


@pytest.mark.slow
@SHAPES
@given(
    st.integers(1, 5),
    st.integers(1, 6),
    st.integers(1, 12),
    st.integers(1, 14),
    st.sampled_from(["plain", "bias", "function", "binary"]),
)
def test_any_shape_will_do(
    batch_size, embedding_dim, num_classes, class_chunk, case
):
    batch = make_batch(batch_size, embedding_dim, num_classes)
    assert_as_loop(batch, CASES[case], class_chunk, compiled=ON_TENSORFLOW)


@pytest.mark.parametrize("class_chunk", [4])
@pytest.mark.parametrize("case", ["plain", "function", "binary"])
def test_a_large_scale_keeps_its_accuracy(case, class_chunk):
    unit, centers, labels, _ = make_batch()
    centers[:, labels[0]] = unit[0]
    centers[:, (labels[1] + 1) % 9] = unit[1]
    scale = np.full((len(unit), 1), 128.0, "float32")
    assert_as_loop((unit, centers, labels, scale), CASES[case], class_chunk)


@pytest.mark.parametrize("class_chunk", [1, 4])
@pytest.mark.parametrize("case", ["plain", "bias", "function", "binary"])
def test_zeros_give_zeros(case, class_chunk):
    unit, centers, labels, scale = make_batch()
    unit[0] = 0
    scale[0] = scale[1] = 0
    centers[:, [labels[1], (labels[2] + 1) % 9]] = 0
    assert_as_loop((unit, centers, labels, scale), CASES[case], class_chunk)


@pytest.mark.parametrize("class_chunk", [1, 4])
def test_equal_logits_share_equally(class_chunk):
    unit, centers, labels, scale = make_batch()
    centers[:] = centers[:, :1]
    batch = unit, centers, labels, scale
    assert_as_loop(batch, CASES["plain"], class_chunk)


@pytest.mark.skipif(not ON_TENSORFLOW, reason="shapes are always known")
@pytest.mark.parametrize("class_chunk", [2, 100])
def test_a_graph_need_not_know_the_size_of_a_batch(class_chunk):
    import tensorflow as tf

    unit, centers, labels, scale = make_batch(3, 4, 300)

    @tf.function(
        input_signature=[
            tf.TensorSpec((None, 4), "float32"),
            tf.TensorSpec((None,), "int32"),
            tf.TensorSpec((None, 1), "float32"),
        ]
    )
    def step(unit, labels, scale):
        with tf.GradientTape() as tape:
            tape.watch(unit)
            total, own, _ = streamed_classes(
                unit, centers, labels, class_chunk=class_chunk, scale=scale
            )
        return total, own, tape.gradient([total, own], unit)

    ones = np.ones(3)
    (total, own, _), slopes = loop(unit, centers, labels, scale, {}, ones, ones)
    expected = total, own, slopes["unit"]
    for found, other in zip(step(unit, labels, scale), expected, strict=True):
        np.testing.assert_allclose(found, other, rtol=2e-5, atol=2e-4)
