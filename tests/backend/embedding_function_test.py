"""Each image is embedded once, whatever the number of replicas."""

import keras
import numpy as np
import pytest
from replicas import on_tensorflow, run_replicas

from keras_sphereface.backend.embedding_function import embedding_function

PROGRAM = """
from keras_sphereface.models import embedding_function

with strategy.scope():
    inputs = keras.Input((8,))
    embedder = keras.Model(inputs, keras.layers.Dense(4)(inputs))
x = np.random.default_rng(0).normal(size=(6, 8)).astype("float32")
found = embedding_function(embedder)(x)
print(json.dumps({
    "shape": found.shape,
    "keras": embedder.predict_on_batch(x).shape,
    "error": float(np.abs(found - embedder(x).numpy()).max()),
}))
"""


@pytest.mark.slow
@on_tensorflow
def test_two_replicas_return_each_image_once():
    results = run_replicas(2, PROGRAM)
    assert results["shape"] == [6, 4]
    # The same matrix, multiplied eagerly and in a graph.
    assert results["error"] < 1e-6
    # When this fails, Keras has mended it and our function can go.
    assert results["keras"] == [12, 4]


def test_on_one_device_it_is_that_of_keras():
    inputs = keras.Input((8,))
    embedder = keras.Model(inputs, keras.layers.Dense(4)(inputs))
    embed = embedding_function(embedder)
    assert embed == embedder.predict_on_batch
    assert embed(np.ones((3, 8), "float32")).shape == (3, 4)
