r"""Goes on from a public network with identities of one's own.

    python examples/fine_tune.py --weights=backbone.pth --data_dir=faces

`--data_dir` has one folder an identity, of aligned faces. A new head takes the
place of the one that the network was trained with: its centres start at the
mean embedding of each identity and are trained alone, then together with the
network at a small rate.

    python examples/fine_tune.py

shows the same in a minute on two cores with faces that it draws: the network,
instead of a public one, is trained on other people first.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
from absl import app, flags, logging

import keras_sphereface as ks

_WEIGHTS = flags.DEFINE_string(
    "weights", None, "A file that ks.interop.import_embedder reads."
)
_FAMILY = flags.DEFINE_string("family", None, "See ks.interop.family_names().")
_DATA_DIR = flags.DEFINE_string(
    "data_dir", None, "One folder an identity; drawn faces if not given."
)
_HEAD_EPOCHS = flags.DEFINE_integer("head_epochs", 3, "With a frozen network.")
_EPOCHS = flags.DEFINE_integer("epochs", 8, "With the whole network.")
_BATCH_SIZE = flags.DEFINE_integer("batch_size", 32, "Images in a step.")
_LEARNING_RATE = flags.DEFINE_float(
    "learning_rate", 0.02, "At the start, of the whole network."
)
_DRAWN_EPOCHS = flags.DEFINE_integer(
    "drawn_epochs",
    25,
    "Without --weights, of the network that takes its place.",
)
_OUTPUT = flags.DEFINE_string("output", None, "A .keras file to write.")
DRAWN_PEOPLE, DRAWN_SIZE = 60, (64, 64)


def train(recognizer, faces, epochs, learning_rate):
    """Trains what is not frozen, at a rate that falls to nothing."""
    dataset = ks.data.training_dataset(
        faces, _BATCH_SIZE.value, drop_remainder=False
    )
    schedule = keras.optimizers.schedules.CosineDecay(
        learning_rate, epochs * int(dataset.cardinality())
    )
    recognizer.compile(keras.optimizers.SGD(schedule, momentum=0.9))
    recognizer.fit(dataset, epochs=epochs, verbose=2)


def pretrained_embedder():
    """The public network, or one trained on drawn people."""
    if _WEIGHTS.value:
        embedder, report = ks.interop.import_embedder(
            _WEIGHTS.value, family=_FAMILY.value
        )
        logging.info("%s", report)
        return embedder
    embedder = ks.build_embedding_model(
        "mobilefacenet_small", embedding_dim=64, image_size=DRAWN_SIZE
    )
    faces = ks.data.SyntheticFaces(DRAWN_PEOPLE, 10, image_size=DRAWN_SIZE)
    head = ks.SphereFaceRHead(DRAWN_PEOPLE, margin=1.4, scale=30.0)
    train(
        ks.FaceRecognizer(embedder, head),
        faces,
        _DRAWN_EPOCHS.value,
        0.1,
    )
    return embedder


def new_faces(image_size):
    """Faces of the new identities, and others of them to measure on."""
    if _DATA_DIR.value:
        return ks.data.ImageFolder(_DATA_DIR.value, image_size), None
    people = ks.data.SyntheticFaces(
        DRAWN_PEOPLE, 8, first_identity=DRAWN_PEOPLE, image_size=image_size
    )
    images, labels = people.load()
    is_training = np.arange(len(labels)) % 8 < 6
    return (
        (images[is_training], labels[is_training]),
        (images[~is_training], labels[~is_training]),
    )


def mean_embeddings(embedder, faces, num_classes):
    """The direction of each identity, a column each: a start for centres."""
    sums = np.zeros((embedder.output_shape[-1], num_classes))
    dataset = ks.data.training_dataset(
        faces,
        _BATCH_SIZE.value,
        shuffle=False,
        flip=False,
        drop_remainder=False,
    )
    for images, labels in dataset:
        embeddings = embedder.predict_on_batch(images)
        embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
        np.add.at(sums.T, np.asarray(labels), embeddings)
    return sums / np.linalg.norm(sums, axis=0, keepdims=True)


def log_accuracy(recognizer, faces, when):
    """How many faces are nearest to the right centre."""
    if faces is None:
        return
    images, labels = faces
    metrics = recognizer.evaluate(images, labels, return_dict=True, verbose=0)
    logging.info("%s, %.3f of new images are right", when, metrics["accuracy"])


def unfreeze(embedder):
    """All but batch normalisation, whose statistics are of many more faces."""
    embedder.trainable = True
    for layer in embedder._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False


def main(_):
    keras.utils.set_random_seed(0)
    embedder = pretrained_embedder()
    image_size = embedder.input_shape[1:3]
    faces, unseen = new_faces(image_size)

    num_classes = 1 + int(max(getattr(faces, "labels", faces[-1])))

    embedder.trainable = False
    head = ks.SphereFaceRHead(num_classes, margin=1.4, scale=30.0)
    recognizer = ks.FaceRecognizer(embedder, head)
    recognizer.compile()
    head.centers.assign(mean_embeddings(embedder, faces, num_classes))
    log_accuracy(recognizer, unseen, "With mean embeddings as centres")
    train(recognizer, faces, _HEAD_EPOCHS.value, 0.1)
    log_accuracy(recognizer, unseen, "With the head trained")

    unfreeze(embedder)
    train(recognizer, faces, _EPOCHS.value, _LEARNING_RATE.value)
    log_accuracy(recognizer, unseen, "With the network trained")
    if _OUTPUT.value:
        embedder.save(_OUTPUT.value)


if __name__ == "__main__":
    app.run(main)
