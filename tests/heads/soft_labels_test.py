"""Labels that several classes share, on the paths that train."""

import head_oracles
import keras
import numpy as np
import pytest
from keras import ops
from oracles import COS_BOUND

from keras_sphereface import heads
from keras_sphereface.layers import CosineDense
from keras_sphereface.losses import ArcFaceLoss, SphereFace2Loss
from keras_sphereface.models import FaceRecognizer

NUM_CLASSES = 6
SCALE = 12.0
HEADS = {
    "arcface": {"margin": 0.4},
    "spherefacer": {"variant": "v2", "margin": 1.4, "loss_weight": 3.0},
    "sphereface2": {"margin": 0.3, "loss_weight": 3.0},
    "adaface": {"margin": 0.4},
    "subcenter_arcface": {"sub_centers": 3},
}


def make_recognizer(name, rate=0.0, **kwargs):
    keras.utils.set_random_seed(0)
    inputs = keras.Input((5,))
    embedder = keras.Model(inputs, keras.layers.Dense(4)(inputs))
    head = heads.get(
        name, NUM_CLASSES, **{"scale": SCALE, **HEADS[name], **kwargs}
    )
    recognizer = FaceRecognizer(embedder, head)
    recognizer.compile(keras.optimizers.SGD(rate))
    return recognizer


def number(tensor):
    return float(ops.convert_to_numpy(tensor))


def make_mixed():
    """Images and labels, each mixed with the next one."""
    random = np.random.default_rng(0)
    x = random.normal(size=(8, 5)).astype("float32")
    rows = np.eye(NUM_CLASSES)[random.integers(0, NUM_CLASSES, 8)]
    share = random.uniform(0, 1, (8, 1))
    x = share * x + (1 - share) * np.roll(x, 1, 0)
    rows = share * rows + (1 - share) * np.roll(rows, 1, 0)
    return x.astype("float32"), rows.astype("float32")


def values_of(name, cosine):
    """Of one cosine: in place of the target, and of another class."""
    theta = np.arccos(np.clip(cosine, -COS_BOUND, COS_BOUND))
    if name == "arcface":
        return head_oracles.falling_cosine(theta + 0.4), cosine
    if name == "spherefacer":
        return cosine, np.cos(theta / 1.4)
    similarity = 2 * ((cosine + 1) / 2) ** 3 - 1
    return similarity - 0.3, similarity + 0.3


def oracle_loss(name, embeddings, centers, rows, bias):
    total = 0.0
    for embedding, row in zip(embeddings, rows, strict=True):
        logits = []
        for center, q in zip(centers.T, row, strict=True):
            cosine = embedding @ center
            cosine /= np.linalg.norm(embedding) * np.linalg.norm(center)
            own, other = values_of(name, cosine)
            logits.append(SCALE * (q * own + (1 - q) * other) + bias)
        if name == "sphereface2":
            loss = sum(
                0.7 * q * np.log1p(np.exp(-z))
                + 0.3 * (1 - q) * np.log1p(np.exp(z))
                for z, q in zip(logits, row, strict=True)
            )
        else:
            share = np.exp(logits) / np.sum(np.exp(logits))
            loss = -sum(row * np.log(share))
        total += loss if name == "arcface" else 3.0 / SCALE * loss
    return total / len(rows)


@pytest.mark.parametrize("name", ["arcface", "spherefacer", "sphereface2"])
def test_mixup_through_fit_equals_the_oracle(name):
    recognizer = make_recognizer(name)
    x, rows = make_mixed()
    if name == "sphereface2":
        recognizer.head.bias.assign(-2.0)
        assert recognizer.head.get_config()["positive_weight"] == 0.7
    kernel, bias = map(np.float64, recognizer.embedder.get_weights())
    centers = np.float64(ops.convert_to_numpy(recognizer.head.centers))
    expected = oracle_loss(
        name,
        x @ kernel + bias,
        centers,
        np.float64(rows),
        -2.0 if name == "sphereface2" else 0.0,
    )
    history = recognizer.fit(x, rows, batch_size=4, verbose=0).history
    assert history["loss"] == [pytest.approx(expected, rel=1e-5)]


@pytest.mark.parametrize("name", HEADS)
def test_one_hot_rows_train_as_class_indices(name):
    x, rows = make_mixed()
    labels = rows.argmax(1).astype("int32")
    hard, soft = make_recognizer(name, 0.05), make_recognizer(name, 0.05)
    fit = {"batch_size": 4, "epochs": 2, "shuffle": False, "verbose": 0}
    expected = hard.fit(x, labels, **fit).history
    found = soft.fit(x, np.eye(NUM_CLASSES)[labels], **fit).history
    assert set(found) == set(expected)
    for key, values in expected.items():
        np.testing.assert_allclose(found[key], values, rtol=1e-5, err_msg=key)
    for a, b in zip(hard.variables, soft.variables, strict=True):
        np.testing.assert_allclose(
            ops.convert_to_numpy(a),
            ops.convert_to_numpy(b),
            rtol=1e-4,
            atol=1e-6,
            err_msg=a.path,
        )


@pytest.mark.parametrize("name", ["arcface", "sphereface2"])
def test_smoothing_is_what_smoothed_rows_are(name):
    x, rows = make_mixed()
    labels = rows.argmax(1).astype("int32")
    smoothed = 0.8 * np.eye(NUM_CLASSES)[labels] + 0.2 / NUM_CLASSES
    expected = make_recognizer(name).evaluate(
        x, np.float32(smoothed), verbose=0, return_dict=True
    )
    head = make_recognizer(name, label_smoothing=0.2)
    found = head.evaluate(x, labels, verbose=0, return_dict=True)
    assert found == pytest.approx(expected, rel=1e-6)
    config = head.head.get_config()
    assert config["label_smoothing"] == 0.2


@pytest.mark.parametrize("make", [ArcFaceLoss, SphereFace2Loss])
def test_a_loss_on_cosines_is_that_of_the_head(make):
    x, rows = make_mixed()
    loss = make(scale=SCALE, margin=0.3)
    layer = CosineDense(NUM_CLASSES)
    cosines = layer(ops.convert_to_tensor(x))
    head = make.head_class(NUM_CLASSES, scale=SCALE, margin=0.3)
    head.build((None, 5))
    head.centers.assign(layer.centers)
    losses = head.compute_outputs(x, rows).losses
    expected = number(ops.mean(losses))
    assert number(loss(rows, cosines)) == pytest.approx(expected, rel=1e-5)
    smoothing = make(scale=SCALE, margin=0.3, label_smoothing=0.1)
    smoothed = number(loss(0.9 * rows + 0.1 / NUM_CLASSES, cosines))
    assert number(smoothing(rows, cosines)) == pytest.approx(smoothed, rel=1e-5)


def test_a_functional_model_has_the_same_logits():
    x, rows = make_mixed()
    embeddings, labels = keras.Input((5,)), keras.Input((NUM_CLASSES,))
    head = heads.ArcFaceHead(NUM_CLASSES, scale=SCALE)
    model = keras.Model([embeddings, labels], head(embeddings, labels))
    model.compile("sgd", keras.losses.CategoricalCrossentropy(from_logits=True))
    expected = number(ops.mean(head.compute_outputs(x, rows).losses))
    assert model.evaluate([x, rows], rows, verbose=0) == pytest.approx(
        expected, rel=1e-5
    )


def test_a_loss_of_ones_own_sees_soft_labels():
    x, rows = make_mixed()
    recognizer = make_recognizer("arcface")
    expected = recognizer.evaluate(x, rows, verbose=0)
    recognizer.compile(
        "sgd", keras.losses.CategoricalCrossentropy(from_logits=True)
    )
    assert recognizer.evaluate(x, rows, verbose=0) == pytest.approx(
        expected, rel=1e-5
    )


def test_what_cannot_take_them_says_so():
    x, rows = make_mixed()
    for part in ({"class_chunk": 2}, {"sample_rate": 0.5}):
        [(name, value)] = part.items()
        match = f"`{name}` must be left out.*soft labels.*{name}={value}"
        with pytest.raises(ValueError, match=match):
            make_recognizer("arcface", **part).fit(x, rows, verbose=0)
        with pytest.raises(ValueError, match=rf"`{name}`.*label_smoothing=0.1"):
            heads.ArcFaceHead(5, label_smoothing=0.1, **part)
    curricular = heads.CurricularFaceHead(NUM_CLASSES)
    with pytest.raises(ValueError, match=r"CurricularFaceHead takes class ind"):
        curricular(x, rows)
    with pytest.raises(ValueError, match=r"`label_smoothing` must be 0.*=0\.1"):
        heads.CurricularFaceHead(NUM_CLASSES, label_smoothing=0.1)
    with pytest.raises(ValueError, match=r"`label_smoothing` must be.*=1"):
        heads.ArcFaceHead(NUM_CLASSES, label_smoothing=1)


@pytest.mark.parametrize("spoil", [1.5, 0.5])
def test_rows_that_do_not_sum_to_one_are_named(spoil):
    x, rows = make_mixed()
    rows[3] *= spoil
    with pytest.raises(ValueError, match=r"each row of `labels`.*sum to 1"):
        make_recognizer("arcface").fit(x, rows, verbose=0)
