"""SimPLE over batch and bank in `fit`, held to a float64 loop over pairs."""

import bank_heads
import keras
import numpy as np
import pytest
from head_cases import EMBEDDING_DIM, make_batch
from head_paths import step_of_recognizer
from keras import ops
from replicas import on_tensorflow, run_replicas

from keras_sphereface.heads import SimPLEHead
from keras_sphereface.losses import PrecomputedLoss, SimPLELoss

SETTINGS = {
    "angle_bias": 0.3,
    "positive_weight": 0.2,
    "temperature": 2.0,
    "margin": 0.5,
    "loss_weight": 10.0,
    "bias": -1.0,
}
NUM_CLASSES = 9
BANK_SIZE = 8
# The bank has six entries, one of a person who is not in the batch.
STORED = 2 * np.random.default_rng(2).normal(size=(6, EMBEDDING_DIM))
STORED_LABELS = [0, 3, 5, 1, 0, 8]


def build(is_filled=True, **kwargs):
    head = SimPLEHead(NUM_CLASSES, **{**SETTINGS, **kwargs, "bank_size": 8})
    head.build((None, EMBEDDING_DIM))
    if is_filled:
        head.bank.add(STORED.astype("float32"), np.int32(STORED_LABELS))
    return head


def mean_loss(embeddings, bias, is_filled=True):
    labels = make_batch()[2]
    rows, names = list(embeddings), list(labels)
    if is_filled:
        rows += list(STORED.astype("float32").astype("float64"))
        names += STORED_LABELS
    positive, negative = [], []
    for i, (x, y) in enumerate(zip(embeddings, labels, strict=True)):
        for j, (other, name) in enumerate(zip(rows, names, strict=True)):
            if i == j:
                continue
            norms = np.linalg.norm(x) * np.linalg.norm(other)
            score = x @ other - 0.3 * norms
            if y == name:
                positive.append(np.log1p(np.exp(-(score - 0.5 + bias) / 2)))
            else:
                negative.append(np.logaddexp(0, (score + 0.5 + bias) * 2))
    return 10 * (0.2 * np.mean(positive) + 0.8 * np.mean(negative))


@pytest.mark.parametrize("is_filled", [False, True])
def test_equals_the_loop_in_value_and_gradient(is_filled):
    embeddings, _, labels = make_batch()
    step = step_of_recognizer(build(is_filled), embeddings, labels)
    x = embeddings.astype("float64")
    expected = mean_loss(x, -1.0, is_filled)
    assert step.loss == pytest.approx(expected, rel=1e-5)
    assert step.evaluated == pytest.approx(expected, rel=1e-5)
    expected = bank_heads.numerical_gradients(
        lambda x, bias: mean_loss(x, float(bias), is_filled), [x, -1.0]
    )
    for own, other in zip(step.gradients, expected, strict=True):
        atol = 1e-5 * np.abs(other).max()
        np.testing.assert_allclose(own, other, rtol=0, atol=atol)


def test_with_an_empty_bank_it_is_the_loss_of_the_batch():
    embeddings, _, labels = make_batch()
    losses = build(is_filled=False)(embeddings, labels)
    expected = SimPLELoss(**SETTINGS)(labels, embeddings)
    expected = float(ops.convert_to_numpy(expected))
    found = ops.convert_to_numpy(losses).mean()
    assert found == pytest.approx(expected, rel=1e-6)


def test_the_batch_is_in_the_bank_after_a_step():
    embeddings, _, labels = make_batch()
    head = build()
    step_of_recognizer(head, embeddings, labels)
    stored, their_labels = map(ops.convert_to_numpy, head.bank.entries())
    # Six were there; the batch of six takes the last two places and four.
    expected = np.concatenate([embeddings[2:], STORED[4:], embeddings[:2]])
    np.testing.assert_allclose(stored, expected, rtol=1e-6)
    assert their_labels.tolist() == [
        *labels[2:],
        *STORED_LABELS[4:],
        *labels[:2],
    ]


def test_trains_saves_and_resumes(tmp_path):
    x, y = bank_heads.make_faces()
    model = bank_heads.make_recognizer(SimPLEHead(NUM_CLASSES, bank_size=24))
    fit = {"batch_size": 12, "shuffle": False, "verbose": 0}
    history = model.fit(x, y, epochs=6, **fit).history
    assert history["loss"][-1] < history["loss"][0]
    assert set(history) >= {"accuracy", "target_angle", "embedding_norm"}
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.head.get_config() == model.head.get_config()
    losses = [each.fit(x, y, **fit).history["loss"] for each in (model, loaded)]
    assert losses[0] == losses[1]


def test_a_functional_model_trains_on_its_losses():
    x, y = bank_heads.make_faces()
    inputs, labels = keras.Input((5,)), keras.Input((), dtype="int32")
    head = SimPLEHead(NUM_CLASSES, bank_size=24)
    losses = head(keras.layers.Dense(EMBEDDING_DIM)(inputs), labels)
    assert losses.shape == (None,)
    model = keras.Model([inputs, labels], losses)
    model.compile(keras.optimizers.SGD(0.01), PrecomputedLoss())
    model.fit([x, y], y, 12, 1, verbose=0)
    stored, their_labels = map(ops.convert_to_numpy, head.bank.entries())
    assert (their_labels >= 0).all()
    assert stored.any(axis=1).all()


PROGRAM = """
random = np.random.default_rng(0)
x = random.normal(size=(24, 8)).astype("float32")
y = random.integers(0, 5, 24).astype("int32")
keras.utils.set_random_seed(0)
with strategy.scope():
    inputs = keras.Input((8,))
    embedder = keras.Model(inputs, keras.layers.Dense(4)(inputs))
    head = ks.heads.SimPLEHead(5, bank_size=12, bias=-1.0, loss_weight=1.0)
    model = ks.FaceRecognizer(embedder, head)
    model.compile(keras.optimizers.SGD(0.02, momentum=0.9))
data = tf.data.Dataset.from_tensor_slices((x, y)).batch(8)
history = model.fit(data, epochs=2, verbose=0).history
print(json.dumps([history, [w.tolist() for w in model.get_weights()]]))
"""


@on_tensorflow
@pytest.mark.slow
def test_two_replicas_equal_one_device():
    (history, weights), (other_history, other_weights) = (
        run_replicas(count, PROGRAM) for count in (1, 2)
    )
    for name, values in history.items():
        np.testing.assert_allclose(other_history[name], values, rtol=2e-5)
    for own, other in zip(weights, other_weights, strict=True):
        np.testing.assert_allclose(other, own, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"bank_size": 0}, r"`bank_size` must be an integer.*bank_size=0"),
        ({"angle_bias": 2}, r"`angle_bias`.*\[-1, 1\]"),
        ({"positive_weight": 1}, r"`positive_weight`"),
        ({"temperature": 0}, r"`temperature`.*above 0"),
        ({"loss_weight": 0}, r"`loss_weight`.*above 0"),
        ({"bias": "x"}, r"`bias` must be a number.*'x'"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        SimPLEHead(9, **arguments)
