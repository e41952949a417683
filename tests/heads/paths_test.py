"""One formula behind all ways in: every head learns the same by each.

`family_test.py` and `spherefacer_head_test.py` hold one of them to float64
loops. Here a step of `fit` is taken by a functional model and by
`FaceRecognizer` with all classes at once, in chunks and at a sample rate of 1.
"""

import functools

import keras
import numpy as np
import pytest
from head_cases import ALL, EMBEDDING_DIM, NUM_CLASSES, make_batch, make_head
from head_paths import step_of_functional_model, step_of_recognizer
from keras import ops

from keras_sphereface import heads

SPHEREFACER = {
    f"spherefacer_{variant}_{normalization}": (
        "spherefacer",
        {"variant": variant, "normalization": normalization},
    )
    for variant in ("v0", "v1", "v2")
    for normalization in ("none", "hard", "soft")
}
CASES = {**ALL, **SPHEREFACER}
# The ways to train are those of a backend, not of a head: elsewhere one head of
# each kind shows them. `family_test.py` has every head on every backend.
KINDS = (
    "adaface",
    "arcface",
    "curricularface",
    "sphereface2_c",
    "spherefacer_v2_soft",
    "uniface",
)
HERE = KINDS
if keras.backend.backend() == "tensorflow":
    HERE = [
        pytest.param(case, marks=() if case in KINDS else pytest.mark.slow)
        for case in sorted(CASES)
    ]
WHOLE_ROWS = {"subcenter_arcface"}
CHUNKS = (1, 7, NUM_CLASSES + 5)
# Of one class, of classes that do not divide and of more than there are; not
# chosen; and as if no classes were left out.
PATHS = [*({"class_chunk": chunk} for chunk in CHUNKS), {"sample_rate": 1}]
# Of a whole loss or gradient, and of each entry relative to the largest. A
# product of a chunk adds up in another order than that of all classes; its last
# bit is multiplied by the curvature of an angular margin, 33 for the sample
# nearest to its center.
TOLERANCE, CHUNK_ENTRY_TOLERANCE = 1e-6, 2e-6


def assert_close(actual, expected, entry_tolerance):
    assert np.isfinite(actual).all()
    actual, expected = np.float64(actual), np.float64(expected)
    difference = np.linalg.norm(actual - expected)
    assert difference <= TOLERANCE * np.linalg.norm(expected)
    atol = entry_tolerance * np.abs(expected).max()
    np.testing.assert_allclose(actual, expected, rtol=0, atol=atol)


def build(case, embeddings, centers, labels, **kwargs):
    head = make_head(CASES[case], **kwargs)
    if head.sub_centers > 1:
        random = np.random.default_rng(3)
        shape = (*centers.shape, head.sub_centers)
        shifts = 0.3 * random.normal(size=shape).astype("float32")
        centers = centers[:, :, None] + shifts
    head.centers.assign(centers)
    return head


def is_nearest_loop(head, embeddings, labels):
    centers = ops.convert_to_numpy(head.centers).astype("float64")
    centers = centers.reshape(EMBEDDING_DIM, NUM_CLASSES, -1)
    found = []
    for x, y in zip(embeddings.astype("float64"), labels, strict=True):
        cosines = [
            max(x @ w / np.linalg.norm(w) for w in centers[:, j].T)
            for j in range(NUM_CLASSES)
        ]
        found.append(all(cosines[y] > c for c in np.delete(cosines, y)))
    return found


@functools.cache
def functional(case):
    return step_of_functional_model(build(case, *make_batch()), *batch())


def batch():
    embeddings, _, labels = make_batch()
    return embeddings, labels


def test_the_cases_are_all_the_heads_there_are():
    classes = {heads.head_class(name) for name, _ in CASES.values()}
    assert classes == {heads.head_class(name) for name in heads.names()}


def test_the_kinds_are_among_them():
    assert set(KINDS) < set(CASES)


@pytest.mark.parametrize("path", [{}, *PATHS], ids=str)
@pytest.mark.parametrize("case", HERE)
def test_learns_what_a_functional_model_learns(case, path):
    if case in WHOLE_ROWS and "class_chunk" in path:
        with pytest.raises(ValueError, match="`class_chunk` must be left out"):
            build(case, *make_batch(), **path)
        return
    head = build(case, *make_batch(), **path)
    expected = is_nearest_loop(head, *batch())
    outputs = head.compute_outputs(*batch())
    np.testing.assert_array_equal(
        ops.convert_to_numpy(outputs.is_nearest), expected
    )
    step = step_of_recognizer(head, *batch())
    assert step.accuracy == pytest.approx(np.mean(expected), rel=1e-6)
    tolerance = CHUNK_ENTRY_TOLERANCE if "class_chunk" in path else TOLERANCE
    assert_close(step.loss, functional(case).loss, tolerance)
    assert_close(step.evaluated, functional(case).evaluated, tolerance)
    for own, other in zip(
        step.gradients, functional(case).gradients, strict=True
    ):
        assert_close(own, other, tolerance)


def test_some_of_the_batch_are_nearest_and_some_are_not():
    for case in ("arcface", "subcenter_arcface"):
        nearest = is_nearest_loop(build(case, *make_batch()), *batch())
        assert any(nearest)
        assert not all(nearest)


@pytest.mark.parametrize("path", [{}, *PATHS], ids=str)
@pytest.mark.parametrize("case", HERE)
def test_a_tie_is_not_nearest_and_neither_is_no_direction(case, path):
    if case in WHOLE_ROWS and "class_chunk" in path:
        return
    embeddings, centers, labels = make_batch()
    # Of six samples the first is on two centers that are one, the second on
    # two of one direction, the third without a direction, the fourth alone.
    for row, factor in ((0, 1.0), (1, 3.0), (3, None)):
        embeddings[row] = 2 * centers[:, labels[row]]
        if factor is not None:
            centers[:, labels[row] + 4] = factor * centers[:, labels[row]]
    embeddings[2] = 0
    head = make_head(CASES[case], **path)
    if head.sub_centers > 1:
        centers = np.stack([centers] * head.sub_centers, axis=-1)
    head.centers.assign(centers)
    outputs = head.compute_outputs(embeddings, labels)
    nearest = ops.convert_to_numpy(outputs.is_nearest)
    assert nearest[:4].tolist() == [False, False, False, True]
    assert step_of_recognizer(head, embeddings, labels).accuracy == (
        pytest.approx(nearest.mean(), rel=1e-6)
    )
