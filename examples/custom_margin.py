"""A margin of your own, three ways, each trained for a few seconds.

python examples/custom_margin.py
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
from keras import ops

import keras_sphereface as ks


@keras.saving.register_keras_serializable("my_project")
def linear_margin(cos_theta, *, margin):
    """A pure function of the true class's cosine, registered to be saved."""
    return cos_theta - margin * (1 - cos_theta)


@ks.heads.register("easing")
@keras.saving.register_keras_serializable("my_project")
class EasingHead(ks.heads.MarginHead):
    """A class, for a margin that needs more: it fades as faces get easy.

    What `class_margin` says, every way to train sees; registered, the head has
    a name for `heads.get`, configs and flags.
    """

    margin = ks.heads.Hyperparameter(at_least=0.0)
    scale = ks.heads.Hyperparameter(above=0.0)

    def __init__(self, num_classes, margin=0.3, scale=16.0, **kwargs):
        super().__init__(num_classes, **kwargs)
        self.margin = margin
        self.scale = scale

    def class_margin(self, norms, training):
        return ks.ops.Margin(target=self.ease)

    def ease(self, cos_target):
        ease = ops.stop_gradient(ops.mean(cos_target))
        return cos_target - self.margin * ops.maximum(1 - ease, 0.2)


@keras.saving.register_keras_serializable("my_project")
class NegativeHead(EasingHead):
    """The margin on the other classes, for a loss on plain cosines."""

    def class_margin(self, norms, training):
        return ks.ops.Margin(others=lambda cos_theta: cos_theta + 0.2)


def make_embedder():
    """A model of your own: pixels to embeddings of any norm."""
    return keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            keras.layers.Rescaling(1 / 127.5, offset=-1.0),
            keras.layers.Conv2D(16, 5, strides=4, activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(32),
        ]
    )


def main():
    keras.utils.set_random_seed(0)
    faces = ks.data.SyntheticFaces(10, 10, image_size=(32, 32))
    images, labels = faces.load()
    alarm = ks.callbacks.TrainingAlarm()
    fit = {"epochs": 4, "batch_size": 25, "verbose": 0, "callbacks": [alarm]}
    for head in (
        ks.heads.TargetMarginHead(10, linear_margin, margin=0.3, scale=16.0),
        ks.heads.get("easing", 10, class_chunk=4),
    ):
        recognizer = ks.FaceRecognizer(make_embedder(), head)
        recognizer.compile(keras.optimizers.SGD(0.05, momentum=0.9))
        losses = recognizer.fit(images, labels, **fit).history["loss"]
        print(f"{type(head).__name__}: loss {np.round(losses, 2)}")

    model = keras.Sequential([make_embedder(), ks.layers.CosineDense(10)])
    # The loss of any head that needs the cosines and nothing else; the number
    # of classes is that of the model.
    loss = ks.losses.MarginLoss(NegativeHead(2))
    model.compile(keras.optimizers.SGD(0.05, momentum=0.9), loss)
    losses = model.fit(images, labels, **fit).history["loss"]
    print(f"MarginLoss: loss {np.round(losses, 2)}")


if __name__ == "__main__":
    main()
