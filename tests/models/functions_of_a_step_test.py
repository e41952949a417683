"""A reader can follow a step: it passes through few files and functions."""

import pathlib
import sys

import keras
import numpy as np
import pytest

import keras_sphereface as ks
from keras_sphereface.heads import ArcFaceHead
from keras_sphereface.models import FaceRecognizer

PACKAGE = str(pathlib.Path(ks.__file__).parent)


class Trace(keras.callbacks.Callback):
    """Our functions that are entered between begin and end of a batch."""

    def __init__(self):
        super().__init__()
        self.entered = set()

    def on_train_batch_begin(self, batch, logs=None):
        sys.setprofile(self._see)

    def on_train_batch_end(self, batch, logs=None):
        sys.setprofile(None)

    def _see(self, frame, event, argument):
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(PACKAGE):
            self.entered.add((code.co_filename, code.co_firstlineno))


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="JAX has no eager step"
)
def test_an_eager_step_of_arcface_enters_few_files_and_functions():
    inputs = keras.Input((8,))
    embedder = keras.Model(inputs, keras.layers.Dense(7)(inputs))
    recognizer = FaceRecognizer(embedder, ArcFaceHead(9))
    recognizer.compile(keras.optimizers.SGD(0.01), run_eagerly=True)
    random = np.random.default_rng(0)
    x = random.normal(size=(12, 8)).astype("float32")
    y = random.integers(0, 9, 12)
    trace = Trace()
    try:
        recognizer.fit(x, y, batch_size=12, verbose=0, callbacks=[trace])
    finally:
        sys.setprofile(None)
    files = {pathlib.Path(file).name for file, _ in trace.entered}
    assert "arcface_head.py" in files
    assert len(files) <= 9, sorted(files)
    assert len(trace.entered) <= 30, len(trace.entered)
