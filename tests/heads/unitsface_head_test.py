"""UniTSFace on every path of `fit`, held to a float64 loop over pairs."""

import math

import bank_heads
import keras
import numpy as np
import pytest
from head_cases import NUM_CLASSES, make_batch
from head_oracles import sigmoid_loss
from head_paths import step_of_functional_model, step_of_recognizer
from keras import ops
from oracles import softmax_cross_entropy

from keras_sphereface.heads import UniTSFaceHead

SETTINGS = {
    "scale": 6.0,
    "margin": 0.3,
    "pair_margin": 0.2,
    "pair_weight": 0.7,
}
BIAS = math.log(10 * NUM_CLASSES)
PATHS = [{}, {"class_chunk": 4}, {"sample_rate": 0.95}]
TOLERANCE = 1e-5


def mean_loss(embeddings, centers, bias, rows):
    """Of CosFace and pairs, with `rows` the bank."""
    labels = make_batch()[2]
    losses = []
    for x, y in zip(embeddings, labels, strict=True):
        unit = x / math.sqrt(sum(v * v for v in x))
        logits = []
        for j, w in enumerate(centers.T):
            cosine = unit @ w / math.sqrt(sum(v * v for v in w))
            logits.append(6.0 * (cosine - 0.3 * (j == y)))
        loss = softmax_cross_entropy(logits, y)[0]
        for j, row in enumerate(rows):
            if not row.any():
                continue
            z = 6.0 * (unit @ row - 0.2 * (j == y)) - bias
            loss += 0.7 * sigmoid_loss(z, j == y)
        losses.append(loss)
    return np.mean(losses)


def build(is_filled=True, **kwargs):
    return bank_heads.build(UniTSFaceHead, is_filled, **SETTINGS, **kwargs)


@pytest.mark.parametrize("path", PATHS, ids=str)
def test_equals_the_loop_in_value_and_gradient(path):
    embeddings, centers, labels = make_batch()
    rows = bank_heads.stored_rows().astype("float64")
    step = step_of_recognizer(build(**path), embeddings, labels)
    x, w = embeddings.astype("float64"), centers.astype("float64")
    expected = mean_loss(x, w, BIAS, rows)
    assert step.loss == pytest.approx(expected, rel=TOLERANCE)
    assert step.evaluated == pytest.approx(expected, rel=TOLERANCE)
    without_pairs = mean_loss(x, w, BIAS, 0 * rows)
    assert expected > 1.1 * without_pairs
    expected = bank_heads.numerical_gradients(
        lambda x, w, bias: mean_loss(x, w, float(bias), rows), [x, w, BIAS]
    )
    for own, other in zip(step.gradients, expected, strict=True):
        atol = TOLERANCE * np.abs(other).max()
        np.testing.assert_allclose(own, other, rtol=0, atol=atol)


@pytest.mark.parametrize("path", PATHS, ids=str)
def test_the_batch_is_in_the_bank_after_a_step_and_not_in_it(path):
    embeddings, centers, labels = make_batch()
    head = build(is_filled=False, **path)
    step = step_of_recognizer(head, embeddings, labels)
    # The bank was empty, so that there was CosFace alone.
    expected = mean_loss(
        embeddings.astype("float64"),
        centers.astype("float64"),
        BIAS,
        np.zeros((NUM_CLASSES, 7)),
    )
    assert step.loss == pytest.approx(expected, rel=TOLERANCE)
    unit = bank_heads.unit_rows(embeddings.astype("float64"))
    stored = np.zeros((NUM_CLASSES, 7))
    for row, label in zip(unit, labels, strict=True):
        stored[label] = row
    np.testing.assert_allclose(
        ops.convert_to_numpy(head.bank.embeddings), stored, atol=1e-6
    )
    found = ops.convert_to_numpy(head.bank.labels)
    for label in range(NUM_CLASSES):
        assert found[label] == (label if label in labels else -1)


def test_a_functional_model_adds_the_pairs():
    embeddings, _, labels = make_batch()
    steps = [
        way(build(), embeddings, labels)
        for way in (step_of_functional_model, step_of_recognizer)
    ]
    assert steps[0].loss == pytest.approx(steps[1].loss, rel=1e-6)
    for own, other in zip(*(s.gradients for s in steps), strict=True):
        np.testing.assert_allclose(own, other, rtol=1e-5, atol=1e-6)


def test_evaluation_does_not_move_the_bank():
    model = bank_heads.make_recognizer(build())
    before = bank_heads.bank_of(model)
    x, y = bank_heads.make_faces()
    model.evaluate(x, y, verbose=0)
    model.predict(x, verbose=0)
    for own, other in zip(bank_heads.bank_of(model), before, strict=True):
        np.testing.assert_array_equal(own, other)


def test_a_saved_model_goes_on_with_its_bank(tmp_path):
    x, y = bank_heads.make_faces()
    model = bank_heads.make_recognizer(build(is_filled=False))
    fit = {"batch_size": 12, "shuffle": False, "verbose": 0}
    model.fit(x, y, **fit)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for own, other in zip(
        bank_heads.bank_of(loaded), bank_heads.bank_of(model), strict=True
    ):
        np.testing.assert_array_equal(own, other)
        assert (own != 0).any()
    losses = [each.fit(x, y, **fit).history["loss"] for each in (model, loaded)]
    assert losses[0] == losses[1]


@pytest.mark.skipif(
    keras.backend.backend() == "torch", reason="Keras takes one step at a time"
)
def test_several_steps_at_once_are_the_same():
    x, y = bank_heads.make_faces()
    weights = []
    for steps in (1, 3):
        model = bank_heads.make_recognizer(
            build(is_filled=False), steps_per_execution=steps
        )
        model.fit(x, y, 12, 2, shuffle=False, verbose=0)
        weights.append(model.get_weights())
    for own, other in zip(*weights, strict=True):
        np.testing.assert_allclose(own, other, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"pair_margin": -0.1}, r"`pair_margin` must be at least 0"),
        ({"pair_weight": 0}, r"`pair_weight` must be above 0"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        UniTSFaceHead(9, **arguments)
