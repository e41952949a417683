"""Global cross-entropy on every path of `fit`, held to a float64 loop."""

import math

import bank_heads
import keras
import numpy as np
import pytest
from head_cases import NUM_CLASSES, make_batch
from head_paths import step_of_functional_model, step_of_recognizer
from keras import ops

from keras_sphereface.heads import GCEHead

SETTINGS = {"scale": 6.0, "margin": 0.2, "other_margin": 0.15}
PATHS = [{}, {"class_chunk": 4}, {"sample_rate": 0.95}]
# None of the classes, and all that have come, by their embedding.
RATES = {"centers": 0.0, "embeddings": 1 - 1e-7}
TOLERANCE = 1e-5


def mean_loss(embeddings, columns):
    labels = make_batch()[2]
    targets, others = [], []
    for x, y in zip(embeddings, labels, strict=True):
        targets.append(6.0 * (cosine(x, columns[:, y]) - 0.2))
        others.append(
            [
                6.0 * (cosine(x, w) + 0.15)
                for j, w in enumerate(columns.T)
                if j != y
            ]
        )
    every_other = sum(math.exp(z) for row in others for z in row)
    every_target = sum(math.exp(-z) for z in targets)
    losses = []
    for target, row in zip(targets, others, strict=True):
        above = math.log1p(every_other / math.exp(target))
        below = math.log1p(sum(math.exp(z) for z in row) * every_target)
        losses.append((above + below) / 2)
    return np.mean(losses)


def cosine(x, w):
    return x @ w / math.sqrt(sum(v * v for v in x) * sum(v * v for v in w))


def build(is_filled=True, **kwargs):
    return bank_heads.build(GCEHead, is_filled, **{**SETTINGS, **kwargs})


def columns_of(kind):
    columns = make_batch()[1].astype("float64")
    if kind == "embeddings":
        there = bank_heads.stored_labels() >= 0
        columns[:, there] = bank_heads.stored_rows().T[:, there]
    return columns


@pytest.mark.parametrize("path", PATHS, ids=str)
@pytest.mark.parametrize("kind", sorted(RATES))
def test_equals_the_loop_in_value_and_gradient(kind, path):
    embeddings, _, labels = make_batch()
    head = build(bank_rate=RATES[kind], **path)
    step = step_of_recognizer(head, embeddings, labels)
    x, w = embeddings.astype("float64"), columns_of(kind)
    expected = mean_loss(x, w)
    assert step.loss == pytest.approx(expected, rel=TOLERANCE)
    evaluated = mean_loss(x, columns_of("centers"))
    assert step.evaluated == pytest.approx(evaluated, rel=TOLERANCE)
    d_x, d_w = bank_heads.numerical_gradients(mean_loss, [x, w])
    atol = TOLERANCE * np.abs(d_x).max()
    np.testing.assert_allclose(step.gradients[0], d_x, rtol=0, atol=atol)
    trained = np.ones(NUM_CLASSES, bool)
    if kind == "embeddings":  # of which there are no gradients
        trained = bank_heads.stored_labels() < 0
        d_w[:, ~trained] = 0
    if "sample_rate" in path:  # a center without a gradient stays
        d_w[:, ~trained] = make_batch()[1][:, ~trained]
    atol = TOLERANCE * np.abs(d_w).max()
    np.testing.assert_allclose(step.gradients[1], d_w, rtol=0, atol=atol)


def test_a_batch_of_one_without_margins_has_the_cross_entropy():
    embeddings, centers, labels = make_batch()
    head = build(margin=0.0, other_margin=0.0, is_filled=False)
    found = ops.convert_to_numpy(
        head.compute_outputs(embeddings[:1], labels[:1]).losses
    )
    logits = [6.0 * cosine(embeddings[0], w) for w in centers.T]
    total = sum(math.exp(z) for z in logits)
    expected = math.log(total) - logits[labels[0]]
    np.testing.assert_allclose(found, [expected], rtol=1e-5)


def test_a_functional_model_has_its_logits():
    embeddings, _, labels = make_batch()
    steps = [
        way(build(bank_rate=0.5), embeddings, labels)
        for way in (step_of_functional_model, step_of_recognizer)
    ]
    assert steps[0].loss == pytest.approx(steps[1].loss, rel=1e-6)
    for own, other in zip(*(s.gradients for s in steps), strict=True):
        np.testing.assert_allclose(own, other, rtol=1e-5, atol=1e-6)


def test_the_share_of_the_classes_is_drawn_anew_in_each_step():
    head = GCEHead(400, bank_rate=0.3)
    head.build((None, 2))
    head.centers.assign(np.zeros((2, 400)))
    head.bank.embeddings.assign(np.ones((400, 2)))
    head.bank.labels.assign(np.arange(400))
    draws = []
    for count in range(5):
        head.draws.assign(count)
        draws.append(ops.convert_to_numpy(head._columns(True))[0])
    assert set(np.unique(draws)) == {0.0, 1.0}
    # 2000 chances of 0.3, four standard deviations of 0.01.
    assert abs(np.mean(draws) - 0.3) < 0.04
    assert len({tuple(row) for row in draws}) == 5
    head.draws.assign(2)
    np.testing.assert_array_equal(
        ops.convert_to_numpy(head._columns(True))[0], draws[2]
    )
    assert not ops.convert_to_numpy(head._columns(False)).any()


def test_a_saved_model_goes_on_with_its_bank_and_draws(tmp_path):
    x, y = bank_heads.make_faces()
    model = bank_heads.make_recognizer(build(is_filled=False, bank_rate=0.5))
    fit = {"batch_size": 12, "shuffle": False, "verbose": 0}
    model.fit(x, y, **fit)
    assert float(ops.convert_to_numpy(model.head.draws)) == 3
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    losses = [each.fit(x, y, **fit).history["loss"] for each in (model, loaded)]
    assert losses[0] == losses[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"bank_rate": 1.0}, r"`bank_rate` must be in \[0, 1\)"),
        ({"other_margin": -0.1}, r"`other_margin` must be at least 0"),
        ({"label_smoothing": 0.1}, r"`label_smoothing` must be 0.*0\.1"),
        ({"sub_centers": 2}, r"`sub_centers` must be 1.*sub_centers=2"),
        ({"seed": -1}, r"`seed` must be.*seed=-1"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        GCEHead(9, **arguments)
