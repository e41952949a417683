"""Your own model under your own strategy, with only our head and loss.

Trains on every GPU of the machine, or on the CPU without one. Labels are a
second input of the model, so any Keras loss and metric does:

    python examples/user_code_fit.py
"""

import keras
import tensorflow as tf

import keras_sphereface as ks

IDENTITIES = 20
BATCH_SIZE = 40  # images of all GPUs together


def build_model():
    """Your network, which ends in our head and takes labels as an input."""
    images = keras.Input((112, 112, 3), name="images")
    labels = keras.Input((), dtype="int32", name="labels")
    x = keras.layers.Rescaling(1 / 127.5, offset=-1)(images)
    for filters in (16, 32, 64):
        x = keras.layers.Conv2D(filters, 3, strides=2, use_bias=False)(x)
        x = keras.layers.BatchNormalization()(x)
        x = keras.layers.ReLU()(x)
    embeddings = keras.layers.Dense(64)(
        keras.layers.GlobalAveragePooling2D()(x)
    )
    head = ks.SphereFaceRHead(IDENTITIES, margin=1.4, scale=30.0)
    return keras.Model([images, labels], head(embeddings, labels))


def main():
    faces = ks.data.SyntheticFaces(IDENTITIES, images_per_identity=10)
    dataset = ks.data.training_dataset(faces, BATCH_SIZE)
    dataset = dataset.map(lambda images, labels: ((images, labels), labels))

    strategy = tf.distribute.MirroredStrategy()
    with strategy.scope():
        model = build_model()
        optimizer = keras.optimizers.SGD(0.1, momentum=0.9, global_clipnorm=5.0)
        model.compile(
            # Keras alone would clip each replica's gradients by themselves.
            ks.optimizers.replica_safe(optimizer),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        )
    # Of a model that reports its loss alone, it watches that.
    alarm = ks.callbacks.TrainingAlarm()
    model.fit(dataset, epochs=5, shuffle=False, callbacks=[alarm], verbose=2)


if __name__ == "__main__":
    main()
