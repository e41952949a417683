"""A margin that sees whole rows of cosines, and what it is refused."""

import keras
import numpy as np
import pytest
from gradients import value_and_gradients
from keras import ops

from keras_sphereface import heads
from keras_sphereface.class_softmax import BinaryLoss
from keras_sphereface.models import FaceRecognizer


class SoftestHead(heads.RowHead):
    """The true class loses the mean of its row, as no single cosine could."""

    def __init__(self, num_classes, detach=False, **kwargs):
        super().__init__(num_classes, **kwargs)
        self.detach = detach

    def row_values(self, cos_theta, labels, norms, training):
        is_true = ops.one_hot(labels, self.num_classes)
        mean = ops.mean(cos_theta, axis=1, keepdims=True)
        return cos_theta - is_true * (0.5 + mean)

    def logit_scale(self, norms):
        return 10.0


class BinarySoftestHead(SoftestHead):
    def class_loss(self):
        return BinaryLoss(0.7, 0.3, 2.0, bias=-3.0)


def make_batch():
    random = np.random.default_rng(0)
    embeddings = random.normal(size=(6, 7)).astype("float32")
    centers = random.normal(size=(7, 4)).astype("float32")
    return embeddings, centers, np.array([0, 1, 2, 3, 0, 1], "int32")


def build(head_class=SoftestHead, **kwargs):
    embeddings, centers, labels = make_batch()
    head = head_class(4, **kwargs)
    head.build((None, 7))
    head.centers.assign(centers)
    return head, embeddings, labels


def rows_of_cosines(embeddings, centers):
    x, w = embeddings.astype("float64"), centers.astype("float64")
    norms = np.linalg.norm(x, axis=1, keepdims=True)
    return x @ w / norms / np.linalg.norm(w, axis=0)


def test_a_formula_of_ones_own_on_whole_rows_is_the_loss():
    head, embeddings, labels = build()
    outputs = head.compute_outputs(embeddings, labels)
    cosines = rows_of_cosines(embeddings, make_batch()[1])
    for i, row in enumerate(cosines):
        y = labels[i]
        values = [
            c - (0.5 + sum(row) / 4 if j == y else 0.0)
            for j, c in enumerate(row)
        ]
        loss = np.log(sum(np.exp(10 * v) for v in values)) - 10 * values[y]
        found = ops.convert_to_numpy(outputs.losses)[i]
        assert found == pytest.approx(loss, rel=1e-5)
        np.testing.assert_allclose(
            ops.convert_to_numpy(outputs.logits)[i],
            10 * np.array(values),
            atol=1e-4,
        )
        nearest = bool(ops.convert_to_numpy(outputs.is_nearest)[i])
        assert nearest == (np.argmax(row) == y)
        past = bool(ops.convert_to_numpy(outputs.is_past_margin)[i])
        assert past == (np.argmax(values) == y)
        assert float(outputs.cos_target[i]) == pytest.approx(row[y], abs=1e-5)


def test_a_binary_loss_and_a_bias_are_the_same_there():
    head, embeddings, labels = build(BinarySoftestHead)
    outputs = head.compute_outputs(embeddings, labels)
    logits = ops.convert_to_numpy(outputs.logits).astype("float64")
    plain = ops.convert_to_numpy(build()[0](embeddings, labels))
    np.testing.assert_allclose(logits, plain - 3.0, atol=1e-5)
    for i, row in enumerate(logits):
        loss = 0.0
        for j, z in enumerate(row):
            is_true = j == labels[i]
            weight = 0.7 if is_true else 0.3
            loss += weight * np.log1p(np.exp(-z if is_true else z))
        found = ops.convert_to_numpy(outputs.losses)[i]
        assert found == pytest.approx(2 * loss, rel=1e-5)


@pytest.mark.parametrize("detach", [False, True])
def test_detached_the_backward_pass_sees_the_cosines(detach):
    head, embeddings, labels = build(detach=detach)
    _, (gradient,) = value_and_gradients(
        lambda: ops.sum(head(embeddings, labels)[:, 0]), [head.centers]
    )
    # The logit of class 0 is `10 (c_0 - mean of c - 0.5)` for two samples; the
    # other centers move it there, unless the backward pass sees `10 c_0`.
    others = np.abs(gradient[:, 1:]).max()
    assert (others == 0) == detach


def test_trains_in_a_recognizer():
    keras.utils.set_random_seed(0)
    embeddings, _, labels = make_batch()
    inputs = keras.Input((7,))
    embedder = keras.Model(inputs, keras.layers.Dense(7)(inputs))
    recognizer = FaceRecognizer(embedder, SoftestHead(4))
    recognizer.compile(keras.optimizers.SGD(0.05))
    losses = recognizer.fit(embeddings, labels, epochs=5, verbose=0).history
    assert losses["loss"][-1] < losses["loss"][0]


class SoftestCurricularHead(heads.CurricularFaceHead):
    row_values = SoftestHead.row_values


@pytest.mark.parametrize("head_class", [SoftestHead, SoftestCurricularHead])
@pytest.mark.parametrize(
    "argument",
    [{"class_chunk": 4}, {"class_chunk": "auto"}, {"sample_rate": 0.5}],
)
def test_a_part_of_the_classes_is_refused(head_class, argument):
    (name,) = argument
    with pytest.raises(
        ValueError,
        match=f"`{name}` must be left out: {head_class.__name__} sees",
    ):
        head_class(9, **argument)
    head_class(9, class_chunk=None, sample_rate=1)


def test_a_class_margin_is_refused_since_it_would_not_be_seen():
    class Torn(SoftestHead):
        def class_margin(self, norms, training):
            return None

    with pytest.raises(ValueError, match=r"`class_margin`.*`row_values`"):
        Torn(4)


def test_without_values_it_says_what_to_override():
    head = heads.RowHead(4)
    head.build((None, 7))
    embeddings, _, labels = make_batch()
    with pytest.raises(TypeError, match="override `row_values`"):
        head(embeddings, labels)
