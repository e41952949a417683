"""What an artifact computes: images to unit embeddings, under fixed names."""

import keras
import tensorflow as tf

from keras_sphereface.contract import SIGNATURE
from keras_sphereface.export.embedder import describe_input


def write_signatures(
    embedder, folder, *, scale=1.0, normalize=True, with_uint8=True
):
    """Writes a SavedModel with the embedder behind named signatures.

    `embed` takes `images`, float32 pixels in `[0, 255]`, and returns
    `embeddings`; `serving_default` is the same. `embed_uint8` takes uint8.

    Args:
        embedder: `keras.Model`, `[batch_size, height, width, 3]` to
            `[batch_size, embedding_dim]`.
        folder: str or path of an empty folder.
        scale: float above 0, multiplies the embeddings before they are
            normalized, which keeps their direction. Defaults to `1.0`.
        normalize: bool, whether the embeddings have norm 1. Then an embedding
            of all zeros stays all zeros. Defaults to `True`.
        with_uint8: bool, whether to write `embed_uint8`. Defaults to `True`.
    """

    def embed(images):
        embeddings = tf.cast(embedder(images, training=False), tf.float32)
        embeddings = scale * embeddings
        if normalize:
            # The epsilon bounds the division, so that 0 gives 0, not NaN.
            embeddings = tf.math.l2_normalize(
                embeddings, axis=-1, epsilon=1e-12
            )
        return {"embeddings": embeddings}

    def embed_uint8(images):
        return embed(tf.cast(images, tf.float32))

    signatures = [(SIGNATURE, embed, tf.float32)]
    if with_uint8:
        signatures.append((f"{SIGNATURE}_uint8", embed_uint8, tf.uint8))
    archive = keras.export.ExportArchive()
    shape = (None, *describe_input(embedder).shape)
    for name, function, dtype in signatures:
        archive.add_endpoint(
            name,
            function,
            input_signature=[tf.TensorSpec(shape, dtype, name="images")],
        )
    archive.write_out(str(folder), verbose=False)
