"""Whether an artifact gives the scores of the Keras model it came from."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from keras_sphereface.contract import FaceInput, unit_embeddings
from keras_sphereface.contract.similarity import Embed
from keras_sphereface.evaluation import PairSet
from keras_sphereface.evaluation.pair_verification import verify_scores
from keras_sphereface.evaluation.scores import score_pairs
from keras_sphereface.export.export_error import ExportError
from keras_sphereface.models import embedding_function

# The least cosine between the two embeddings of one face, and the largest
# change of a cosine score, that an export may bring. Rounding gives a change of
# 1e-6 (float32), 1e-3 (float16), a few hundredths (all others); beyond the
# limit the artifact is broken, not rounded.
COSINE_LIMITS = {
    "float32": 0.99999,
    "float16": 0.999,
    "dynamic": 0.95,
    "int8": 0.9,
    "int16x8": 0.9,
}
SCORE_ERROR_LIMITS = {
    "float32": 1e-4,
    "float16": 1e-2,
    "dynamic": 0.1,
    "int8": 0.25,
    "int16x8": 0.25,
}
# What may be lost on pairs, as parts of 1; two pairs may always turn.
ACCURACY_LOSS_LIMIT = 0.005
TAR_LOSS_LIMIT = 0.015
TAR_FAR = 1e-2


def probe_images(face_input: FaceInput, seed: int = 0) -> np.ndarray:
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


def keras_embeddings(embedder: keras.Model, images: np.ndarray) -> np.ndarray:
    """Embeddings of the Keras model, or an error if they are not embeddings.

    Args:
        embedder: `keras.Model`.
        images: `[batch_size, height, width, 3]`.

    Returns:
        float32 array, `[batch_size, embedding_dim]`, rows of norm 1.
    """
    parts = [
        np.asarray(
            embedder(
                np.asarray(images[start : start + 64], np.float32),
                training=False,
            )
        )
        for start in range(0, len(images), 64)
    ]
    try:
        return unit_embeddings(np.concatenate(parts))
    except ValueError as error:
        raise ExportError(
            f"The embedder fails on test images, so it is not exported: {error}"
        ) from error


def compare_embeddings(
    expected: npt.ArrayLike, embeddings: npt.ArrayLike
) -> dict[str, float]:
    """How far the embeddings of an artifact are from those of Keras.

    Args:
        expected: `[batch_size, embedding_dim]`, Keras's, of norm 1.
        embeddings: `[batch_size, embedding_dim]`, the artifact's, of norm 1.

    Returns:
        Dict: `worst_cosine` and `mean_cosine` between the two embeddings of an
        image, and `score_error`, the largest change of a score when one of
        two images is embedded by the artifact.
    """
    expected = np.asarray(expected, np.float64)
    embeddings = np.asarray(embeddings, np.float64)
    cosines = np.sum(expected * embeddings, axis=1)
    change = expected @ embeddings.T - expected @ expected.T
    return {
        "worst_cosine": float(cosines.min()),
        "mean_cosine": float(cosines.mean()),
        "score_error": float(np.abs(change).max()),
    }


def compare_on_pairs(
    embedder: keras.Model, embed: Embed, pairs: PairSet
) -> dict[str, Any]:
    """Accuracy and TAR of the Keras model and of its artifact.

    Args:
        embedder: `keras.Model`.
        embed: callable, the artifact, images to embeddings.
        pairs: `PairSet`.

    Returns:
        Dict: `count`, `genuine`, `far`; `score_error`, the largest change of a
        pair's score; and for `keras` and `artifact` each `accuracy`, ten-fold,
        and `tar` at `far`, `None` where the pairs have no folds or are too
        few.
    """
    scores = {
        "keras": score_pairs(embedding_function(embedder), pairs),
        "artifact": score_pairs(embed, pairs),
    }
    found: dict[str, Any] = {
        "count": len(pairs),
        "genuine": int(np.sum(pairs.is_same)),
        "far": TAR_FAR,
        "score_error": float(
            np.abs(scores["keras"] - scores["artifact"]).max()
        ),
    }
    for name in scores:
        report = verify_scores(
            scores=scores[name],
            is_same=pairs.is_same,
            folds=pairs.folds,
            fars=(TAR_FAR,),
            resamples=0,
        )
        found[name] = {
            "accuracy": report.accuracy,
            "tar": report.tar_at_far.get(TAR_FAR),
        }
    return found


def median_latency(
    embed: Callable[[np.ndarray], object], image: np.ndarray, rounds: int = 21
) -> float:
    """Milliseconds to embed one image, the median.

    Args:
        embed: callable, images to embeddings.
        image: `[height, width, 3]`.
        rounds: int, at least 1. Defaults to `21`.

    Returns:
        float.
    """
    embed(image[None])  # the first call allocates
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        embed(image[None])
        times.append(time.perf_counter() - start)
    return 1e3 * float(np.median(times))


def exceeded_bounds(
    quantization: str,
    measures: Mapping[str, float],
    pairs: Mapping[str, Any] | None = None,
) -> list[str]:
    """What of a comparison is worse than an export may be.

    Args:
        quantization: str, a key of `SCORE_ERROR_LIMITS`.
        measures: dict of `compare_embeddings`.
        pairs: dict of `compare_on_pairs`, or `None`. Defaults to `None`.

    Returns:
        List of str, one per exceeded bound.
    """
    found = []
    worst, least = measures["worst_cosine"], COSINE_LIMITS[quantization]
    if not worst >= least:  # True for NaN
        found.append(
            f"the embedding of an image has cosine {worst:.6g} to Keras's, "
            f"and {least:g} is required"
        )
    error, limit = measures["score_error"], SCORE_ERROR_LIMITS[quantization]
    if not error <= limit:
        found.append(
            f"a cosine score changes by {error:.2g}, and {limit:g} is allowed"
        )
    if pairs is None:
        return found
    for name, limit, count in (
        ("accuracy", ACCURACY_LOSS_LIMIT, pairs["count"]),
        ("tar", TAR_LOSS_LIMIT, pairs["genuine"]),
    ):
        before, after = pairs["keras"][name], pairs["artifact"][name]
        if before is None or after is None:
            continue
        limit = max(limit, 2 / count)
        if not before - after <= limit:
            found.append(
                f"{name} on pairs falls from {before:.2%} to {after:.2%}, and "
                f"{limit:.2%} is allowed"
            )
    return found
