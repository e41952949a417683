"""What an artifact computes: images to unit embeddings, under fixed names."""

import os

import keras
import tensorflow as tf

from keras_sphereface.contract import SIGNATURE, VERIFY_SIGNATURE
from keras_sphereface.export.embedder import describe_input
from keras_sphereface.export.encoded_crops import decode_crops

ENCODED_SIGNATURE = f"{SIGNATURE}_encoded"


def write_signatures(embedder: keras.Model, folder: str | os.PathLike) -> None:
    """Writes a SavedModel with the embedder behind named signatures.

    | signature | takes | returns |
    |---|---|---|
    | `embed`, also `serving_default` | `images` | `embeddings` of norm 1 |
    | `verify` | `images_a`, `images_b` | `scores`, cosine similarities |
    | `embed_encoded` | `image_bytes` | `embeddings`, and `errors` |

    Pixels are float32 in `[0, 255]`; `embed_uint8` and `verify_uint8` take
    uint8. An embedding of all zeros stays all zeros. The two sides of `verify`
    have as many images, or one of them one, which is compared with each.

    `embed_encoded` takes JPEG and PNG files of crops, a string each. Where one
    cannot be used `errors` says why, and its embedding is all zeros, whose
    cosine with any other is 0; where it can, `errors` is an empty string.

    Args:
        embedder: `keras.Model`, `[batch_size, height, width, 3]` to
            `[batch_size, embedding_dim]`.
        folder: str or path of an empty folder.
    """

    def embed(images: tf.Tensor) -> dict[str, tf.Tensor]:
        pixels = tf.cast(images, tf.float32)
        embeddings = tf.cast(embedder(pixels, training=False), tf.float32)
        # The epsilon bounds the division, so that 0 gives 0, not NaN.
        unit = tf.math.l2_normalize(embeddings, axis=-1, epsilon=1e-36)
        return {"embeddings": unit}

    def verify(
        images_a: tf.Tensor, images_b: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        unit = embed(tf.concat([images_a, images_b], axis=0))["embeddings"]
        # Halves would pair up other images where one side has more.
        sizes = [tf.shape(images)[0] for images in (images_a, images_b)]
        a, b = tf.split(unit, sizes)
        return {"scores": tf.reduce_sum(a * b, axis=-1)}

    def embed_encoded(image_bytes: tf.Tensor) -> dict[str, tf.Tensor]:
        pixels, errors = decode_crops(image_bytes, face_input)
        unit = embed(pixels)["embeddings"]
        is_good = tf.equal(errors, "")[:, None]
        # Not a product: an embedder may make NaN of black.
        unit = tf.where(is_good, unit, tf.zeros_like(unit))
        return {"embeddings": unit, "errors": errors}

    archive = keras.export.ExportArchive()
    face_input = describe_input(embedder)
    shape = (None, *face_input.shape)
    for suffix, dtype in (("", tf.float32), ("_uint8", tf.uint8)):
        archive.add_endpoint(
            SIGNATURE + suffix,
            embed,
            input_signature=[tf.TensorSpec(shape, dtype, name="images")],
        )
        archive.add_endpoint(
            VERIFY_SIGNATURE + suffix,
            verify,
            input_signature=[
                tf.TensorSpec(shape, dtype, name="images_a"),
                tf.TensorSpec(shape, dtype, name="images_b"),
            ],
        )
    archive.add_endpoint(
        ENCODED_SIGNATURE,
        embed_encoded,
        input_signature=[tf.TensorSpec((None,), tf.string, name="image_bytes")],
    )
    archive.write_out(str(folder), verbose=False)


def write_raw_signature(
    embedder: keras.Model,
    folder: str | os.PathLike,
    *,
    batch_size: int | None = None,
) -> None:
    """Writes a SavedModel whose `embed` returns embeddings of any norm.

    Args:
        embedder: as for `write_signatures`.
        folder: as for `write_signatures`.
        batch_size: int, or `None` for any. Defaults to `None`.
    """

    def embed(images: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"embeddings": embedder(images, training=False)}

    archive = keras.export.ExportArchive()
    shape = (batch_size, *describe_input(embedder).shape)
    archive.add_endpoint(
        SIGNATURE,
        embed,
        input_signature=[tf.TensorSpec(shape, tf.float32, name="images")],
    )
    archive.write_out(str(folder), verbose=False)
