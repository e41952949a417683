r"""Draws the embeddings of heads on a sphere, as the SphereFace papers do.

    python tools/plot_sphere.py --heads=normface,cosface,arcface,spherefacer \
        --output=sphere.png

Trains a network on drawn faces without a margin, about half a minute on two
cores, and then, for each head, a small one from its features to two or three
dimensions, some ten seconds each; and draws where the faces lie.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
from absl import app, flags, logging

import keras_sphereface as ks

_HEADS = flags.DEFINE_list(
    "heads",
    "normface,cosface,arcface,spherefacer",
    "Names of heads, those of keras_sphereface.heads.names().",
)
_DIM = flags.DEFINE_integer(
    "dim", 2, "Of the embedding: 2 for circles, 3 for spheres.", 2, 3
)
_IDENTITIES = flags.DEFINE_integer("identities", 8, "Number of identities.", 2)
_IMAGES = flags.DEFINE_integer("images", 40, "Images per identity.", 1)
_EPOCHS = flags.DEFINE_integer("epochs", 12, "Epochs of the network.", 1)
_HEAD_EPOCHS = flags.DEFINE_integer("head_epochs", 80, "Epochs per head.", 1)
_SCALE = flags.DEFINE_float("scale", 16.0, "Scale of all heads.")
_SEED = flags.DEFINE_integer("seed", 0, "Of weights and faces.")
_OUTPUT = flags.DEFINE_string("output", "sphere.png", ".png, .svg or .pdf.")


def train(embedder, head, x, labels, epochs):
    """Embeddings of `x` after training on it."""
    recognizer = ks.FaceRecognizer(embedder, head)
    steps = epochs * -(-len(labels) // 32)
    schedule = keras.optimizers.schedules.CosineDecay(0.05, steps)
    recognizer.compile(keras.optimizers.SGD(schedule, momentum=0.9))
    recognizer.fit(x, labels, batch_size=32, epochs=epochs, verbose=0)
    return recognizer.predict(x, verbose=0)


def panel(head, features, labels):
    """What `plot_sphere` draws of one head."""
    keras.utils.set_random_seed(_SEED.value)
    embedder = keras.Sequential(
        [
            keras.Input(features.shape[1:]),
            keras.layers.BatchNormalization(),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dense(64, activation="relu"),
            keras.layers.Dense(_DIM.value),
        ]
    )
    embeddings = train(embedder, head, features, labels, _HEAD_EPOCHS.value)
    logging.info("%s is trained", type(head).__name__)
    centers = keras.ops.convert_to_numpy(head.centers)
    return embeddings, labels, centers[..., 0] if centers.ndim > 2 else centers


def main(_):
    heads = {
        name: ks.heads.get(name, _IDENTITIES.value, scale=_SCALE.value)
        for name in _HEADS.value
    }
    faces = ks.data.SyntheticFaces(
        _IDENTITIES.value,
        _IMAGES.value,
        seed=_SEED.value,
        image_size=(48, 48),
    )
    images, labels = faces.load()
    keras.utils.set_random_seed(_SEED.value)
    features = train(
        ks.build_embedding_model(
            "mobilefacenet_small", embedding_dim=64, image_size=(48, 48)
        ),
        ks.heads.NormFaceHead(_IDENTITIES.value, scale=16.0),
        images,
        labels,
        _EPOCHS.value,
    )
    path = ks.reports.plot_sphere(
        {name: panel(head, features, labels) for name, head in heads.items()},
        _OUTPUT.value,
        title=f"{_IDENTITIES.value} people in {_DIM.value} dimensions",
    )
    logging.info("The picture is in %s", path)


if __name__ == "__main__":
    app.run(main)
