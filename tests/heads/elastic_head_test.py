"""ElasticFace+ on every path, held to float64 loops over the drawn margins."""

import numpy as np
import pytest
from head_cases import EMBEDDING_DIM, NUM_CLASSES, make_batch
from head_oracles import angle, falling_cosine
from head_paths import step_of_functional_model, step_of_recognizer
from keras import ops
from oracles import softmax_cross_entropy

from keras_sphereface import heads

SETTINGS = {"scale": 16.0, "deviation": 0.1, "seed": 7}
PATHS = [{}, {"class_chunk": 4}, {"sample_rate": 0.95}]
VALUES = {
    "elastic_arcface": lambda c, m: falling_cosine(angle(c) + m),
    "elastic_cosface": lambda c, m: c - m,
}


def build(name, **kwargs):
    head = heads.get(name, NUM_CLASSES, **{**SETTINGS, **kwargs})
    head.build((None, EMBEDDING_DIM))
    head.centers.assign(make_batch()[1])
    return head


def drawn_margins(count):
    """The first draws of the seed, read off CosFace at 90 degrees."""
    head = build("elastic_cosface", margin=0.5)
    values = head.margined_cosines(
        ops.zeros((count, NUM_CLASSES)),
        ops.zeros((count,), "int32"),
        ops.ones((count, 1)),
        training=True,
    )
    return -ops.convert_to_numpy(values)[:, 0].astype("float64")


def expected_loss(name, margins):
    """Mean loss, with the largest margin for the smallest target cosine."""
    embeddings, centers, labels = make_batch()
    rows = []
    for x in embeddings.astype("float64"):
        rows.append(
            [
                x @ w / np.linalg.norm(x) / np.linalg.norm(w)
                for w in centers.T.astype("float64")
            ]
        )
    targets = [row[y] for row, y in zip(rows, labels, strict=True)]
    remaining = sorted(margins)
    margin_of = {}
    for sample in sorted(range(len(targets)), key=lambda i: -targets[i]):
        margin_of[sample] = remaining.pop(0)
    losses = []
    for sample, (row, y) in enumerate(zip(rows, labels, strict=True)):
        logits = [16.0 * c for c in row]
        value = VALUES[name](row[y], margin_of[sample])
        logits[y] = 16.0 * value
        losses.append(softmax_cross_entropy(logits, y)[0])
    return np.mean(losses)


@pytest.mark.parametrize("path", PATHS, ids=str)
@pytest.mark.parametrize("name", sorted(VALUES))
def test_the_hardest_sample_gets_the_largest_margin_in_fit(name, path):
    embeddings, _, labels = make_batch()
    expected = expected_loss(name, drawn_margins(len(labels)))
    head = build(name, margin=0.5, plus=True, **path)
    step = step_of_recognizer(head, embeddings, labels)
    assert step.loss == pytest.approx(expected, rel=1e-5)
    in_order = build(name, margin=0.5, **path)
    other = step_of_recognizer(in_order, embeddings, labels)
    assert abs(other.loss - expected) > 1e-4 * expected
    # In evaluation every margin is the mean.
    assert step.evaluated == pytest.approx(
        expected_loss(name, [0.5] * len(labels)), rel=1e-5
    )


def test_a_functional_model_learns_the_same():
    embeddings, _, labels = make_batch()
    steps = [
        way(build("elastic_arcface", plus=True), embeddings, labels)
        for way in (step_of_functional_model, step_of_recognizer)
    ]
    assert steps[0].loss == pytest.approx(steps[1].loss, rel=1e-6)
    for own, other in zip(*(s.gradients for s in steps), strict=True):
        np.testing.assert_allclose(own, other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "plus", "deviation"),
    [
        ("elastic_arcface", False, 0.05),
        ("elastic_arcface", True, 0.0175),
        ("elastic_cosface", False, 0.05),
        ("elastic_cosface", True, 0.02),
    ],
)
def test_the_deviations_are_those_the_authors_trained_with(
    name, plus, deviation
):
    head = heads.get(name, 9, plus=plus)
    assert head.deviation == deviation
    # A config leaves it open, so that `plus` may still change.
    assert head.get_config()["deviation"] is None
    given = heads.get(name, 9, plus=plus, deviation=0.3)
    assert given.deviation == given.get_config()["deviation"] == 0.3


def test_what_is_not_a_bool_is_refused():
    with pytest.raises(ValueError, match=r"`plus` must be.*Received: plus='x'"):
        heads.get("elastic_arcface", 9, plus="x")
