"""A label that cannot be never trains: an error, or a loss of NaN."""

import keras
import numpy as np
import pytest

from keras_sphereface.heads import ArcFaceHead, CurricularFaceHead, UniFaceHead
from keras_sphereface.layers import CosineDense
from keras_sphereface.losses import ArcFaceLoss
from keras_sphereface.models import FaceRecognizer

NUM_CLASSES = 10
BAD = {"one too many": 10, "negative": -1, "wraps": 2**32 + 3}
HEADS = {
    "dense": lambda: ArcFaceHead(NUM_CLASSES),
    "chunked": lambda: ArcFaceHead(NUM_CLASSES, class_chunk=4),
    "sampled": lambda: ArcFaceHead(NUM_CLASSES, sample_rate=0.9),
    "sub-centers": lambda: ArcFaceHead(NUM_CLASSES, sub_centers=2),
    "rows": lambda: CurricularFaceHead(NUM_CLASSES),
    "binary": lambda: UniFaceHead(NUM_CLASSES),
}
on_tensorflow = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="reads tf.data"
)


def make_model(kind, jit_compile):
    keras.utils.set_random_seed(0)
    inputs = keras.Input((6,))
    features = keras.layers.Dense(4)(inputs)
    if kind == "loss":
        model = keras.Model(inputs, CosineDense(NUM_CLASSES)(features))
        model.compile("sgd", ArcFaceLoss(), jit_compile=jit_compile)
        return model
    model = FaceRecognizer(keras.Model(inputs, features), HEADS[kind]())
    model.compile("sgd", jit_compile=jit_compile)
    return model


def make_batch(bad):
    random = np.random.default_rng(0)
    x = random.normal(size=(8, 6)).astype("float32")
    y = random.integers(0, NUM_CLASSES, 8)
    y[5] = bad
    return x, y


@on_tensorflow
@pytest.mark.parametrize(
    ("kind", "bad"),
    [
        *((kind, 10) for kind in [*HEADS, "loss"]),
        ("dense", -1),
        ("dense", 2**32 + 3),
        ("loss", 2**32 + 3),
    ],
)
def test_a_step_that_xla_compiles_has_a_loss_of_nan(kind, bad):
    import tensorflow as tf

    data = tf.data.Dataset.from_tensors(make_batch(bad))
    model = make_model(kind, jit_compile=True)
    loss = model.fit(data, shuffle=False, verbose=0).history["loss"][0]
    assert np.isnan(loss)


@on_tensorflow
@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
@pytest.mark.parametrize("kind", ["dense", "loss"])
def test_another_step_raises(kind, bad):
    import tensorflow as tf

    data = tf.data.Dataset.from_tensors(make_batch(bad))
    model = make_model(kind, jit_compile=False)
    with pytest.raises(tf.errors.InvalidArgumentError, match="must"):
        model.fit(data, shuffle=False, verbose=0)


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_an_array_is_refused_before_it_trains(bad):
    model = make_model("dense", jit_compile="auto")
    with pytest.raises(ValueError, match=rf"`labels`.*Received: \[{bad}\]"):
        model.fit(*make_batch(bad), verbose=0)


@on_tensorflow
@pytest.mark.parametrize("kind", ["dense", "sampled", "loss"])
def test_right_labels_train_under_xla(kind):
    import tensorflow as tf

    data = tf.data.Dataset.from_tensors(make_batch(0))
    model = make_model(kind, jit_compile=True)
    assert np.isfinite(
        model.fit(data, shuffle=False, verbose=0).history["loss"][0]
    )
