r"""Fine-tunes a public network on identities of your own.

    python examples/fine_tune.py --weights=backbone.pth --data_dir=faces

`--data_dir` has one folder per identity, of aligned faces, of which every fifth
is kept to measure on. A new head takes the place of the one that the network
was trained with: its centers start at the mean embedding of each identity and
are trained alone, then together with the network at a small rate.

    python examples/fine_tune.py

shows the same in a minute on two cores with synthetic faces: in place of a
public network it first trains one on other people.
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
    "data_dir", None, "What ks.data.open_faces reads; drawn faces if not given."
)
_HEAD_EPOCHS = flags.DEFINE_integer("head_epochs", 1, "With a frozen network.")
_EPOCHS = flags.DEFINE_integer("epochs", 12, "With the whole network.")
_BATCH_SIZE = flags.DEFINE_integer("batch_size", 32, "Images per step.")
_LEARNING_RATE = flags.DEFINE_float(
    "learning_rate",
    None,
    "At the start, of the whole network; 0.02 with --weights, 0.2 without.",
)
_DRAWN_EPOCHS = flags.DEFINE_integer(
    "drawn_epochs",
    25,
    "Without --weights, of the network that takes its place.",
)
_OUTPUT = flags.DEFINE_string("output", None, "A .keras file to write.")
DRAWN_PEOPLE, DRAWN_SIZE = 60, (64, 64)


def train(recognizer, faces, epochs, learning_rate, clip_norm=None):
    """Trains what is not frozen, at a rate that falls to nothing."""
    dataset = ks.data.training_dataset(
        faces, _BATCH_SIZE.value, drop_remainder=False
    )
    schedule = keras.optimizers.schedules.CosineDecay(
        learning_rate, epochs * int(dataset.cardinality())
    )
    optimizer = keras.optimizers.SGD(
        schedule, momentum=0.9, global_clipnorm=clip_norm
    )
    recognizer.compile(optimizer)
    alarm = ks.callbacks.TrainingAlarm()
    recognizer.fit(dataset, epochs=epochs, callbacks=[alarm], verbose=2)


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
    """Faces of the new identities, and a fifth of them to measure on."""
    if _DATA_DIR.value:
        faces = ks.data.open_faces(_DATA_DIR.value, image_size=image_size)
    else:
        faces = ks.data.SyntheticFaces(
            DRAWN_PEOPLE, 10, first_identity=DRAWN_PEOPLE, image_size=image_size
        )
    images, labels = faces.load()  # 38 kB per image of 112x112
    seen = np.zeros(faces.num_classes, int)
    is_training = np.ones(len(labels), bool)
    for i, label in enumerate(labels):
        seen[label] += 1
        is_training[i] = seen[label] % 5 != 0
    return (
        (images[is_training], labels[is_training]),
        (images[~is_training], labels[~is_training]),
        faces.num_classes,
    )


def mean_embeddings(embedder, faces, num_classes):
    """The direction of each identity, one per column: initial centers."""
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
    """How many faces are nearest to the right center."""
    images, labels = faces
    if not len(images):
        return  # no identity has five
    metrics = recognizer.evaluate(images, labels, return_dict=True, verbose=0)
    logging.info("%s, %.3f of new images are right", when, metrics["accuracy"])


def unfreeze(layer):
    """All but batch normalization, whose statistics are of many more faces."""
    layer.trainable = not isinstance(layer, keras.layers.BatchNormalization)
    for inner in getattr(layer, "layers", ()):
        unfreeze(inner)


def main(_):
    keras.utils.set_random_seed(0)
    embedder = pretrained_embedder()
    image_size = embedder.input_shape[1:3]
    faces, unseen, num_classes = new_faces(image_size)
    embedder.trainable = False
    head = ks.SphereFaceRHead(num_classes, margin=1.4, scale=30.0)
    recognizer = ks.FaceRecognizer(embedder, head)
    recognizer.compile()
    head.centers.assign(mean_embeddings(embedder, faces, num_classes))
    log_accuracy(recognizer, unseen, "With mean embeddings as centers")
    train(recognizer, faces, _HEAD_EPOCHS.value, 0.02)
    log_accuracy(recognizer, unseen, "With the head trained")

    unfreeze(embedder)
    # While batch norm keeps its statistics, a long gradient ruins a network.
    learning_rate = _LEARNING_RATE.value or (0.02 if _WEIGHTS.value else 0.2)
    train(recognizer, faces, _EPOCHS.value, learning_rate, clip_norm=1.0)
    log_accuracy(recognizer, unseen, "With the network trained")
    if _OUTPUT.value:
        with ks.files.new_file(_OUTPUT.value) as temporary:
            embedder.save(temporary)


if __name__ == "__main__":
    app.run(main)
