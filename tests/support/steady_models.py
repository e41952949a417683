"""Recognizers with each kind of state that a forward pass assigns."""

import keras
import numpy as np
from keras import ops

from keras_sphereface import heads
from keras_sphereface.layers import FusedBatchNormalization
from keras_sphereface.models import FaceRecognizer

FIXED = ("margin", "scale", "loss_weight")
random = np.random.default_rng(0)
X = random.normal(size=(8, 2, 2, 3)).astype("float32")
Y = np.int32([0, 1, 2, 3] * 2)


@keras.saving.register_keras_serializable(package="tests")
class Momentum(keras.layers.Layer):
    """Someone's own statistic, which moves before it is known to be sound."""

    def build(self, shape):
        self.mean = self.add_weight(
            name="mean",
            shape=(),
            initializer="zeros",
            trainable=False,
            autocast=False,
        )

    def call(self, inputs, training=None):
        if training:
            seen = ops.cast(ops.stop_gradient(inputs), "float32")
            # After a normalization their mean is 0.
            seen = ops.mean(ops.square(seen))
            self.mean.assign(0.9 * self.mean + 0.1 * seen)
        return inputs


def layers(policy="float32"):
    """A network with each kind of state that a forward pass assigns."""
    inputs = keras.Input((2, 2, 3))
    x = keras.layers.Dense(5, dtype=policy)(inputs)
    x = FusedBatchNormalization(dtype=policy)(x)
    x = Momentum(dtype=policy)(x)
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dense(4, dtype=policy)(x)
    x = keras.layers.BatchNormalization(
        dtype=policy, synchronized=keras.backend.backend() == "tensorflow"
    )(x)
    return inputs, keras.layers.Activation("linear", dtype="float32")(x)


def make_recognizer(name="adaface", policy="float32", **kwargs):
    keras.utils.set_random_seed(0)
    embedder = keras.Model(*layers(policy))
    embedder.dtype_policy = policy
    recognizer = FaceRecognizer(embedder, heads.get(name, 4))
    recognizer.compile(keras.optimizers.SGD(0.01), **kwargs)
    return recognizer


def state(model):
    return {
        variable.path: ops.convert_to_numpy(variable).copy()
        for variable in model.non_trainable_variables
        # Hyperparameters of a head are variables that nothing moves.
        if "float" in variable.dtype and variable.name not in FIXED
    }


def changes(model, x, y=Y):
    """Paths of the statistics that move in one step."""
    before = state(model)
    model.fit(x, y, batch_size=8, verbose=0)
    return {
        path
        for path, value in state(model).items()
        if not np.array_equal(value, before[path])
    }


def images_with(value):
    x = X.copy()
    x[0, 0, 0, 0] = value
    return x
