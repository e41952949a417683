"""Whether an artifact gives the scores of the Keras model it came from."""

import numpy as np

from keras_sphereface.contract import unit_embeddings
from keras_sphereface.export.errors import ExportError

# The largest change of a cosine score an export may bring. Rounding gives
# 1e-6 (float32), 1e-3 (float16), a few hundredths (dynamic, int8); beyond the
# limit the artifact is broken, not rounded.
SCORE_ERROR_LIMITS = {
    "float32": 1e-4,
    "float16": 1e-2,
    "dynamic": 0.1,
    "int8": 0.25,
}


def probe_images(face_input, seed=0):
    """Images to compare models on: two of noise, two of coarse patches.

    Args:
        face_input: `contract.FaceInput`.
        seed: int. Defaults to `0`.

    Returns:
        float32 array, `[4, height, width, 3]`, whole numbers in `[0, 255]`.
    """
    generator = np.random.default_rng(seed)
    height, width, channels = face_input.shape
    noise = generator.integers(0, 256, (2, height, width, channels))
    patches = generator.integers(0, 256, (2, 7, 7, channels))
    rows = np.arange(height) * 7 // height
    columns = np.arange(width) * 7 // width
    patches = patches[:, rows][:, :, columns]
    return np.concatenate([noise, patches]).astype(np.float32)


def score_error(expected, embeddings):
    """Largest change of a cosine score when one side is the artifact's.

    Each expected embedding is scored against every other, then against the
    artifact's embedding of the same image.

    Args:
        expected: `[batch_size, embedding_dim]`, any norm but zero.
        embeddings: `[batch_size, embedding_dim]`, the artifact's.

    Returns:
        float in `[0, 2]`.
    """
    expected = unit_embeddings(expected).astype(np.float64)
    embeddings = np.asarray(embeddings, dtype=np.float64)
    change = expected @ embeddings.T - expected @ expected.T
    return float(np.abs(change).max())


def expected_embeddings(embedder, images):
    """Embeddings of the Keras model, or an error if they are no embeddings.

    Args:
        embedder: `keras.Model`.
        images: float32, `[batch_size, height, width, 3]`.

    Returns:
        float32 array, `[batch_size, embedding_dim]`, finite and not zero.
    """
    embeddings = np.asarray(embedder(images, training=False))
    try:
        unit_embeddings(embeddings)
    except ValueError as error:
        raise ExportError(
            f"The embedder fails on test images, so it is not exported: {error}"
        ) from error
    return embeddings


def typical_scale(embeddings):
    """Factor that brings the median norm of embeddings to 1.

    The normalization of TFLite divides by no less than 1e-6, which a deep
    untrained network is well below. Directions do not change with the factor.

    Args:
        embeddings: `[batch_size, embedding_dim]`, not zero.

    Returns:
        float above 0.
    """
    norms = np.linalg.norm(np.asarray(embeddings, np.float64), axis=1)
    return float(1 / np.median(norms))


def check_parity(expected, embeddings, quantization):
    """Raises if an artifact's scores are not Keras's.

    Args:
        expected: `[batch_size, embedding_dim]`, Keras's embeddings.
        embeddings: `[batch_size, embedding_dim]`, the artifact's, of norm 1.
        quantization: str, a key of `SCORE_ERROR_LIMITS`.

    Returns:
        float, the `score_error` found.
    """
    found = score_error(expected, embeddings)
    limit = SCORE_ERROR_LIMITS[quantization]
    if not found <= limit:  # True for NaN
        raise ExportError(
            f"The {quantization} artifact does not equal its Keras model: a "
            f"cosine score changes by {found:.2g}, and {limit:g} is allowed, "
            "so it was not written."
        )
    return found
