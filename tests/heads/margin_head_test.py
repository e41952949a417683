import keras
import numpy as np
import pytest
from keras import ops

from keras_sphereface.heads import MarginHead
from keras_sphereface.models import FaceRecognizer
from keras_sphereface.ops import Margin


class AdditiveHead(MarginHead):
    """A margin of a user's own: `cos_theta - 0.3` for the right class."""

    def class_margin(self, norms, training):
        return Margin(lambda cos_target: cos_target - 0.3)

    def logit_scale(self, norms):
        return 20.0


def make_batch():
    random = np.random.default_rng(0)
    centers = random.normal(size=(7, 4)).astype("float32")
    embeddings = random.normal(size=(6, 7)).astype("float32")
    return embeddings, centers, np.array([0, 1, 2, 3, 0, 1], "int32")


def test_a_subclass_is_its_formula():
    embeddings, centers, labels = make_batch()
    head = AdditiveHead(4)
    head.build((None, 7))
    head.centers.assign(centers)
    logits = ops.convert_to_numpy(head(embeddings, labels))
    for i, x in enumerate(embeddings.astype("float64")):
        for j, w in enumerate(centers.T.astype("float64")):
            cosine = x @ w / np.linalg.norm(x) / np.linalg.norm(w)
            expected = 20 * (cosine - 0.3 * (j == labels[i]))
            assert logits[i, j] == pytest.approx(expected, abs=1e-4)
    outputs = head.compute_outputs(embeddings, labels)
    losses = ops.convert_to_numpy(outputs.losses)
    for i, row in enumerate(logits.astype("float64")):
        expected = np.log(np.exp(row).sum()) - row[labels[i]]
        assert losses[i] == pytest.approx(expected, rel=1e-4)


def test_a_subclass_trains_in_a_recognizer():
    keras.utils.set_random_seed(0)
    embeddings, _, labels = make_batch()
    inputs = keras.Input((7,))
    embedder = keras.Model(inputs, keras.layers.Dense(7)(inputs))
    recognizer = FaceRecognizer(embedder, AdditiveHead(4))
    recognizer.compile(keras.optimizers.SGD(0.05))
    losses = recognizer.fit(embeddings, labels, epochs=5, verbose=0).history
    assert losses["loss"][-1] < losses["loss"][0]


def test_centers_start_at_unit_norm_on_average():
    keras.utils.set_random_seed(0)
    head = AdditiveHead(500)
    head.build((None, 64))
    norms = np.linalg.norm(ops.convert_to_numpy(head.centers), axis=0)
    assert norms.mean() == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(
    ("overridden", "message"),
    [
        ({}, r"without a margin: override `class_margin`"),
        (
            {"class_margin": lambda self, norms, training: Margin()},
            r"without a scale: declare .*override `logit_scale`",
        ),
    ],
)
def test_a_head_without_a_margin_says_what_to_override(overridden, message):
    embeddings, _, labels = make_batch()
    head = type("Bare", (MarginHead,), overridden)(4)
    head.build((None, 7))
    with pytest.raises(TypeError, match=message):
        head.compute_outputs(embeddings, labels)
