"""Chunks put back together, held to NumPy."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_sphereface.backend import compiles_with_xla
from keras_sphereface.backend.column_chunks import fold_chunks

ON_TENSORFLOW = keras.backend.backend() == "tensorflow"


def compiled(function):
    """`function` in a graph, if the backend has graphs."""
    if ON_TENSORFLOW:
        import tensorflow as tf

        return tf.function(function)
    if keras.backend.backend() == "jax":
        import jax

        return jax.jit(function)
    return function


def fold(matrix, offsets, width, rows):
    """`matrix + offsets`, doubled; sums of chunks, each after the last."""

    def step(state, chunks, start):
        (sums,) = state
        columns, moved = chunks
        sums = 0.5 * sums + ops.sum(columns, axis=1)
        written = 2.0 * columns[:rows] + moved[None]
        return ((sums,), written) if rows else (sums,)

    zeros = ops.zeros_like(matrix[:, 0])
    result = fold_chunks(
        step, (zeros,), (matrix, offsets), width=width, rows_written=rows
    )
    return (result[0][0], result[1]) if rows else (result[0],)


def make_matrix(num_columns):
    random = np.random.default_rng(0)
    matrix = random.normal(size=(3, num_columns)).astype("float32")
    return matrix, random.normal(size=num_columns).astype("float32")


# Widths that divide and that do not, pairs of columns and odd ones, one chunk
# and more of them than a graph unrolls.
SIZES = [(9, 1), (9, 4), (10, 4), (8, 4), (7, 7), (6, 100), (1, 1)]
MANY = [(264, 2), (263, 2), (130, 1), (387, 3), (523, 4)]


@pytest.mark.parametrize(
    ("num_columns", "width"),
    [
        *SIZES,
        MANY[0],
        *(pytest.param(*m, marks=pytest.mark.slow) for m in MANY[1:]),
    ],
)
@pytest.mark.parametrize("rows", [0, 1, 3])
def test_every_column_is_seen_once_and_in_order(num_columns, width, rows):
    matrix, offsets = make_matrix(num_columns)
    sums = np.zeros(3)
    for start in range(0, num_columns, width):
        chunk = matrix[:, start : start + width].astype("float64")
        sums = 0.5 * sums + chunk.sum(axis=1)

    def run(matrix, offsets):
        return fold(matrix, offsets, width, rows)

    arguments = ops.convert_to_tensor(matrix), ops.convert_to_tensor(offsets)
    ways = [compiled(run)]
    # Eager JAX runs the same loop as compiled.
    if ON_TENSORFLOW:
        ways.append(run)
    for way in ways:
        found, *written = map(ops.convert_to_numpy, way(*arguments))
        np.testing.assert_allclose(found, sums, rtol=1e-4, atol=1e-5)
        for columns in written:
            expected = 2.0 * matrix[:rows] + offsets
            np.testing.assert_allclose(columns, expected, rtol=1e-6)


def test_starts_are_those_of_the_chunks():
    matrix, _ = make_matrix(260)

    def run(matrix):
        def step(state, chunks, start):
            places = ops.cast(start + ops.arange(chunks[0].shape[1]), "float32")
            return state, places[None] * ops.ones_like(chunks[0][:1])

        _, places = fold_chunks(
            step, (ops.sum(matrix),), (matrix,), width=2, rows_written=1
        )
        return places

    places = compiled(run)(ops.convert_to_tensor(matrix))
    np.testing.assert_array_equal(
        ops.convert_to_numpy(places)[0], np.arange(260)
    )


def test_xla_compiles_what_is_unrolled():
    assert compiles_with_xla(128 * 7 + 6, 7)
    assert compiles_with_xla(10, 1000)
    assert compiles_with_xla(129 * 7, 7) is not ON_TENSORFLOW
