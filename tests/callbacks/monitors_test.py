"""`monitor=` of Keras's callbacks needs no `mode=` for what we report."""

import keras
import numpy as np
import pytest

from keras_sphereface import heads
from keras_sphereface.callbacks import VerificationCallback
from keras_sphereface.models import FaceRecognizer
from keras_sphereface.pairs import PairSet

BETTER_LOW = ("loss", "target_angle", "equal_error")
OWN = ("loss", "accuracy", "target_angle", "embedding_norm", "past_margin")
VERIFIED = ("accuracy", "tar", "equal_error")


def make_pairs():
    images = np.zeros((4, 2, 2, 3), "uint8")
    index_a, index_b = [0, 2, 0, 1], [1, 3, 2, 3]
    is_same = [True, True, False, False]
    return PairSet(images, index_a, index_b, is_same, [0, 1, 0, 1])


def make_models():
    """A recognizer, and a model of Keras alone."""
    inputs = keras.Input((3,))
    embedder = keras.Model(inputs, keras.layers.Dense(2)(inputs))
    recognizer = FaceRecognizer(embedder, heads.get("cosface", 4))
    recognizer.compile("sgd")
    plain = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    plain.compile("sgd", "mse")
    return recognizer, plain


def monitors(name, folder):
    return (
        keras.callbacks.EarlyStopping(name),
        keras.callbacks.ReduceLROnPlateau(name),
        keras.callbacks.ModelCheckpoint(
            folder / "best.weights.h5",
            name,
            save_best_only=True,
            save_weights_only=True,
        ),
    )


def check(model, name, folder):
    """Each callback keeps the better of two numbers."""
    worse, better = 0.25, 0.75
    if name.endswith(BETTER_LOW):
        worse, better = better, worse
    for callback in monitors(name, folder):
        callback.set_model(model)
        callback.on_train_begin()
        for epoch, value in enumerate((worse, better, worse)):
            callback.on_epoch_begin(epoch)
            callback.on_epoch_end(epoch, {name: value})
        assert callback.best == better, (type(callback).__name__, name)


@pytest.mark.parametrize("sets", [("",), ("lfw", "cfp-fp")])
def test_every_metric_has_a_direction(sets, tmp_path):
    pairs = {name: make_pairs() for name in sets}
    start = "" if len(sets) == 1 else f"{sets[-1]}_"
    for model in make_models():
        # A monitor may come before what it watches.
        VerificationCallback(pairs).set_model(model)
        for name in VERIFIED:
            check(model, f"{start}verification_{name}", tmp_path)
    recognizer, _ = make_models()
    for name in OWN:
        check(recognizer, name, tmp_path)
        check(recognizer, f"val_{name}", tmp_path)


def test_training_stops_by_what_a_recognizer_reports():
    recognizer, _ = make_models()
    x = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")
    y = np.arange(8, dtype="int32") % 4
    recognizer.optimizer.learning_rate = 0.0
    history = recognizer.fit(
        x,
        y,
        epochs=9,
        validation_data=(x, y),
        callbacks=[keras.callbacks.EarlyStopping("val_accuracy", patience=2)],
        verbose=0,
    )
    assert len(history.epoch) == 3
    assert set(history.history) == {*OWN, *(f"val_{name}" for name in OWN)}
