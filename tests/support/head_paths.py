"""The ways in which a head trains, each with what one step of it finds.

The embeddings are the kernel of the embedder, and the optimizer puts each
gradient in the place of its weight, so that a step of training leaves the
exact gradients behind.
"""

from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from keras_sphereface.class_softmax import SoftmaxLoss
from keras_sphereface.models import FaceRecognizer


class Step(NamedTuple):
    """What a step finds.

    Attributes:
        loss: float.
        evaluated: float, the loss that `evaluate` found before.
        gradients: list of arrays, of embeddings, centers, other weights.
        accuracy: float, if the model reports one.
    """

    loss: float
    evaluated: float
    gradients: Any
    accuracy: Any = None


class GradientRecorder(keras.optimizers.Optimizer):
    """Puts the gradient of a weight in its place."""

    def __init__(self):
        super().__init__(learning_rate=1.0)

    def update_step(self, gradient, variable, learning_rate):
        self.assign(variable, gradient)


def step_of_recognizer(head, embeddings, labels):
    """A step of `FaceRecognizer`."""
    embedder, dense = _embedder(embeddings)
    model = FaceRecognizer(embedder, head)
    model.compile(GradientRecorder(), run_eagerly=True)
    evaluated, logs = _step(model, np.eye(len(labels)), labels)
    gradients = _gradients(dense, head)
    return Step(logs["loss"], evaluated, gradients, logs["accuracy"])


def step_of_functional_model(head, embeddings, labels):
    """A step of a model of the user's own that ends in the head."""
    embedder, dense = _embedder(embeddings)
    given = keras.Input((), dtype="int32")
    model = keras.Model([embedder.input, given], head(embedder.output, given))
    loss = head.class_loss()
    if not isinstance(loss, SoftmaxLoss):
        arguments = {"loss": lambda y, z: loss.from_logits(z, _integers(y))}
    else:
        arguments = {
            "loss": keras.losses.SparseCategoricalCrossentropy(True),
            "loss_weights": [float(ops.convert_to_numpy(loss.weight))],
        }
    model.compile(GradientRecorder(), run_eagerly=True, **arguments)
    evaluated, logs = _step(model, [np.eye(len(labels)), labels], labels)
    return Step(logs["loss"], evaluated, _gradients(dense, head))


def _embedder(embeddings):
    count, embedding_dim = embeddings.shape
    inputs = keras.Input((count,))
    dense = keras.layers.Dense(embedding_dim, use_bias=False)
    embedder = keras.Model(inputs, dense(inputs))
    dense.kernel.assign(embeddings)
    return embedder, dense


def _step(model, x, labels):
    evaluated = model.test_on_batch(x, labels, return_dict=True)["loss"]
    model.reset_metrics()
    return evaluated, model.train_on_batch(x, labels, return_dict=True)


def _gradients(dense, head):
    weights = [dense.kernel, *head.trainable_weights]
    return [ops.convert_to_numpy(weight) for weight in weights]


def _integers(labels):
    return ops.reshape(ops.cast(labels, "int32"), (-1,))
