"""Rows in each kind of memory against a float64 loop over exact rows."""

import math

import numpy as np
import pytest

from keras_sphereface.edge.vector_kinds import KINDS

# Rounding: of float32 sums; of 11 bits; of 127 steps to the largest value.
SCORE_ERRORS = {"float32": 1e-6, "float16": 5e-4, "int8": 2e-2}


def units(count, dim, seed=0):
    rows = np.random.default_rng(seed).standard_normal((count, dim))
    return np.float32(
        [row / math.sqrt(sum(value**2 for value in row)) for row in rows]
    )


def cosine(a, b):
    return sum(float(x) * float(y) for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("num_probes", [1, 3])
@pytest.mark.parametrize("dim", [1, 5, 16])
def test_scores_are_cosines(name, num_probes, dim):
    kind = KINDS[name]
    exact, probes = units(70, dim), units(num_probes, dim, seed=1)
    # As a part of the scores of many blocks is.
    scores = np.full((num_probes, 90), 7, np.float32)
    kind.score(kind.encode(exact), probes, scores[:, 10:80])
    expected = [[cosine(row, probe) for row in exact] for probe in probes]
    np.testing.assert_allclose(
        scores[:, 10:80], expected, atol=SCORE_ERRORS[name]
    )
    assert (scores[:, :10] == 7).all()
    assert (scores[:, 80:] == 7).all()


@pytest.mark.parametrize("name", KINDS)
def test_scores_of_more_rows_than_are_made_float32_at_once(name, monkeypatch):
    monkeypatch.setattr("keras_sphereface.edge.vector_kinds._SCRATCH", 48)
    test_scores_are_cosines(name, num_probes=2, dim=16)


@pytest.mark.parametrize("name", KINDS)
def test_scores_are_those_of_what_is_decoded(name):
    kind = KINDS[name]
    rows, probes = kind.encode(units(30, 16)), units(2, 16, seed=1)
    scores = np.empty((2, 30), np.float32)
    kind.score(rows, probes, scores)
    expected = [
        [cosine(row, probe) for row in kind.decode(rows)] for probe in probes
    ]
    # A norm in float16 is off by less than 2^-11.
    atol = 5e-4 if name == "float16" else 1e-6
    np.testing.assert_allclose(scores, expected, atol=atol)


def test_every_float16_is_scored_exactly():
    """All that may be in a row: signs, zeros and numbers below 2^-14."""
    numbers = np.arange(2**16, dtype=np.uint16).view(np.float16)
    numbers = numbers[np.abs(numbers) <= 1]  # drops NaN too
    scores = np.empty((1, len(numbers)), np.float32)
    KINDS["float16"].score(numbers[:, None], np.ones((1, 1), "f4"), scores)
    np.testing.assert_array_equal(scores[0], numbers.astype(np.float32))


@pytest.mark.parametrize("name", KINDS)
def test_rows_come_back_from_a_file_and_erased_ones_score_zero(name):
    kind = KINDS[name]
    rows = kind.encode(units(9, 6))
    content = kind.to_bytes(rows).tobytes()
    size = {"float32": 4, "float16": 2, "int8": 1}[name]
    assert len(content) == 9 * 6 * size
    back, is_right = kind.from_bytes(content, 6)
    assert is_right.all()
    np.testing.assert_array_equal(back, rows)
    room = kind.empty(9, 6)
    room[:] = back
    room[4] = np.zeros((), room.dtype)
    scores = np.empty((1, 9), np.float32)
    kind.score(room, units(1, 6), scores)
    assert scores[0, 4] == 0
    assert np.count_nonzero(scores) == 8


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("float32", [np.nan, np.inf, 1e30, 0, 1.01]),
        ("float16", [np.nan, np.inf, 6e4, 0, 1.01]),
        ("int8", [0, 100, -128]),
    ],
)
def test_rows_that_no_gallery_makes_are_told(name, wrong):
    kind = KINDS[name]
    values = {"float32": "<f4", "float16": "<f2", "int8": "i1"}[name]
    good = 127 if name == "int8" else 1
    rows = np.zeros((len(wrong) + 1, 3), values)
    rows[:, 1] = [*wrong, good]
    _, is_right = kind.from_bytes(rows.tobytes(), 3)
    assert is_right.tolist() == [False] * len(wrong) + [True]


def test_memory_is_near_the_payload():
    sizes = {name: kind.empty(1000, 128).nbytes for name, kind in KINDS.items()}
    assert sizes == {"float32": 512_000, "float16": 256_000, "int8": 132_000}


def test_score_errors_of_embeddings_of_usual_size():
    """What `Gallery` promises of 128 values, over 40,000 pairs."""
    exact, probes = units(2000, 128), units(20, 128, seed=1)
    expected = probes.astype(np.float64) @ exact.astype(np.float64).T
    for name, bound in {"float16": 2e-4, "int8": 5e-3}.items():
        kind = KINDS[name]
        scores = np.empty((20, 2000), np.float32)
        kind.score(kind.encode(exact), probes, scores)
        assert np.abs(scores - expected).max() < bound
