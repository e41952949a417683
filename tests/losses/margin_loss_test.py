import keras
import numpy as np
import pytest
from keras import ops
from replicas import on_tensorflow

from keras_sphereface import heads
from keras_sphereface.class_softmax import BinaryLoss
from keras_sphereface.losses import MarginLoss
from keras_sphereface.ops import Margin


@keras.saving.register_keras_serializable("margin_loss_test")
class SteepHead(heads.MarginHead):
    """A margin of a user's own on the true class and on the others."""

    scale = heads.Hyperparameter(above=0.0)

    def __init__(self, num_classes, scale=20.0, **kwargs):
        super().__init__(num_classes, **kwargs)
        self.scale = scale

    def class_margin(self, norms, training):
        return Margin(lambda c: c - 0.3, lambda c: 1.5 * c)


def test_is_the_loss_of_a_head_of_ones_own():
    cosines = np.random.default_rng(0).uniform(-1, 1, (5, 3))
    labels = np.array([0, 1, 2, 0, 1])
    expected = []
    for row, label in zip(cosines, labels, strict=True):
        logits = [
            20 * (c - 0.3 if j == label else 1.5 * c) for j, c in enumerate(row)
        ]
        expected.append(np.log(np.exp(logits).sum()) - logits[label])
    loss = MarginLoss(SteepHead(2, loss_weight=2.0))
    expected = pytest.approx(2 * np.mean(expected), rel=1e-5)
    assert float(loss(labels, cosines)) == expected
    rebuilt = keras.losses.deserialize(keras.losses.serialize(loss))
    assert float(rebuilt(labels, ops.cast(cosines, "float32"))) == expected


def test_a_bias_of_the_head_is_in_the_loss():
    class Biased(SteepHead):
        def class_loss(self):
            return BinaryLoss(bias=-3.0)

    cosines = np.random.default_rng(0).uniform(-1, 1, (5, 3))
    labels = np.array([0, 1, 2, 0, 1])
    expected = []
    for row, label in zip(cosines, labels, strict=True):
        loss = np.log1p(np.exp(-(20 * (row[label] - 0.3) - 3)))
        for j, c in enumerate(row):
            loss += 0 if j == label else np.log1p(np.exp(20 * 1.5 * c - 3))
        expected.append(loss)
    found = float(MarginLoss(Biased(2))(labels, cosines))
    assert found == pytest.approx(np.mean(expected), rel=1e-5)


@pytest.mark.parametrize(
    "head",
    [
        heads.AdaFaceHead(4),
        heads.MagFaceHead(4),
        heads.UniFaceHead(4),
        heads.ElasticArcFaceHead(4),
        heads.SphereFacePlusHead(4),
        heads.SphereFaceRHead(4, normalization="soft"),
    ],
    ids=lambda head: type(head).__name__,
)
def test_a_head_that_needs_more_than_cosines_is_refused(head):
    with pytest.raises(ValueError, match=r"`head` must need the cosines"):
        MarginLoss(head)


@pytest.mark.parametrize("head", [heads.CurricularFaceHead(4), "arcface"])
def test_what_is_no_head_of_single_cosines_is_refused(head):
    with pytest.raises(ValueError, match=r"`head` must be a MarginHead"):
        MarginLoss(head)


@pytest.mark.parametrize("wrong", [1.2, -7.0, float("inf")])
def test_what_is_no_cosine_is_an_error(wrong):
    """Of a plain `Dense`, for one."""
    cosines = np.random.default_rng(0).uniform(-1, 1, (5, 3))
    cosines[0, 1] = wrong
    loss = MarginLoss(heads.ArcFaceHead(2))
    with pytest.raises(ValueError, match=r"`y_pred` must be cosines.*Cosine"):
        loss(np.int32([0, 1, 2, 0, 1]), cosines)


def test_cosines_of_a_model_that_diverged_have_no_loss():
    cosines = np.random.default_rng(0).uniform(-1, 1, (5, 3))
    cosines[0] = float("nan")
    loss = MarginLoss(heads.ArcFaceHead(2), reduction="none")
    losses = loss(np.int32([0, 1, 2, 0, 1]), cosines)
    np.testing.assert_array_equal(
        np.isnan(keras.ops.convert_to_numpy(losses)), [True] + 4 * [False]
    )


@on_tensorflow
def test_a_plain_dense_does_not_train():
    import tensorflow as tf

    keras.utils.set_random_seed(0)
    x = 5 * np.random.default_rng(0).normal(size=(8, 6)).astype("float32")
    y = np.arange(8)
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(10)])
    model.compile("sgd", MarginLoss(heads.ArcFaceHead(2)))
    with pytest.raises(tf.errors.InvalidArgumentError, match="CosineDense"):
        model.fit(x, y, verbose=0)
    model.compile("sgd", MarginLoss(heads.ArcFaceHead(2)), jit_compile=True)
    assert np.isnan(model.fit(x, y, verbose=0).history["loss"][0])
