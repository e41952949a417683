"""A layer of keras-cv as a step of the input pipeline.

python examples/keras_cv_augmentation.py

keras-cv reached its end of life, and core Keras has what training needs of it;
this is how to keep using one of its layers. It is not installed with this
package: pip install keras-cv. Its layers draw from a state of their own, so a
resumed run sees other images; with core Keras layers it sees the same.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf

import keras_sphereface as ks


def load_keras_cv():
    """keras-cv, or an error that says how to get it."""
    try:
        import keras_cv
    except ImportError as error:
        raise SystemExit(
            "This example needs keras-cv, which is optional: "
            f"pip install keras-cv ({error})"
        ) from error
    return keras_cv


def grid_mask():
    """Blackens a grid of squares, as keras-cv's GridMask does."""
    layer = load_keras_cv().layers.GridMask(ratio_factor=(0, 0.3))

    def augment(example, *, seed):
        images = tf.cast(example["image"], tf.float32)
        images = tf.clip_by_value(layer(images, training=True), 0, 255)
        return {**example, "image": tf.cast(tf.round(images), tf.uint8)}

    return augment


def main():
    faces = ks.data.SyntheticFaces(num_identities=20, images_per_identity=8)
    dataset = ks.data.training_dataset(faces, 32, augment=[grid_mask()])
    images, _ = next(iter(dataset))
    print(f"black pixels: {np.mean(np.all(images == 0, axis=-1)):.1%}")
    embedder = ks.build_embedding_model("mobilefacenet_small", embedding_dim=64)
    head = ks.SphereFaceRHead(num_classes=faces.num_classes, scale=30.0)
    recognizer = ks.FaceRecognizer(embedder, head)
    recognizer.compile(keras.optimizers.SGD(0.1, momentum=0.9))
    alarm = ks.callbacks.TrainingAlarm()
    recognizer.fit(dataset, epochs=1, callbacks=[alarm], verbose=2)


if __name__ == "__main__":
    main()
