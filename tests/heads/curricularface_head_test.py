"""CurricularFace on parts of the classes, held to a float64 loop.

That it is the dense head in chunks, `class_chunk_test.py` and `paths_test.py`
show of all heads.
"""

import numpy as np
import pytest
from head_cases import EMBEDDING_DIM
from head_oracles import angle, falling_cosine
from head_paths import step_of_recognizer
from keras import ops
from oracles import softmax_cross_entropy

from keras_sphereface import heads

NUM_CLASSES = 40
# Of 40 classes 4 are drawn, and the batch has 6: they are alone.
PATHS = [
    {"sample_rate": 0.1},
    {"sample_rate": 0.1, "class_chunk": 4},
    {"class_chunk": 7},
]


def make_batch():
    random = np.random.default_rng(5)
    centers = random.normal(size=(EMBEDDING_DIM, NUM_CLASSES))
    labels = np.array([3, 39, 0, 17, 8, 21], "int32")
    embeddings = centers[:, labels].T + random.normal(size=(6, EMBEDDING_DIM))
    return embeddings.astype("float32"), centers.astype("float32"), labels


def expected_losses(classes, hardness):
    """Loss per sample over some classes, and how many negatives are hard."""
    embeddings, centers, labels = make_batch()
    losses, num_hard = [], 0
    for x, y in zip(embeddings.astype("float64"), labels, strict=True):
        logits = []
        target = falling_cosine(angle(cosine(x, centers[:, y])) + 0.5)
        for j in classes:
            c = cosine(x, centers[:, j])
            is_hard = j != y and c > target
            num_hard += is_hard
            value = c * (hardness + c) if is_hard else c
            logits.append(16.0 * (target if j == y else value))
        place = list(classes).index(y)
        losses.append(softmax_cross_entropy(logits, place)[0])
    return losses, num_hard


def cosine(x, w):
    w = w.astype("float64")
    return x @ w / np.linalg.norm(x) / np.linalg.norm(w)


@pytest.mark.parametrize("path", PATHS, ids=str)
def test_parts_of_the_classes_in_fit(path):
    embeddings, centers, labels = make_batch()
    head = heads.CurricularFaceHead(
        NUM_CLASSES, scale=16.0, momentum=0.5, **path
    )
    head.build((None, EMBEDDING_DIM))
    head.centers.assign(centers)
    head.hardness.assign(0.4)
    every = range(NUM_CLASSES)
    evaluated, num_hard = expected_losses(every, 0.4)
    assert num_hard > 10
    targets = [
        cosine(x, centers[:, y])
        for x, y in zip(embeddings.astype("float64"), labels, strict=True)
    ]
    hardness = 0.5 * 0.4 + 0.5 * np.mean(targets)
    in_step = labels.tolist() if "sample_rate" in path else every
    expected, num_hard = expected_losses(in_step, hardness)
    assert num_hard > 2
    step = step_of_recognizer(head, embeddings, labels)
    assert step.evaluated == pytest.approx(np.mean(evaluated), rel=1e-5)
    assert step.loss == pytest.approx(np.mean(expected), rel=1e-5)
    moved = float(ops.convert_to_numpy(head.hardness))
    assert moved == pytest.approx(hardness, rel=1e-5)
    nearest = [
        all(t > cosine(x, centers[:, j]) for j in in_step if j != y)
        for t, x, y in zip(targets, embeddings, labels, strict=True)
    ]
    assert step.accuracy == pytest.approx(np.mean(nearest), rel=1e-6)
    # The centers of what was not drawn stay.
    moved = (step.gradients[1] != centers).any(axis=0)
    assert set(np.flatnonzero(moved)) == set(in_step)
