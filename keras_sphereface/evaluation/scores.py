"""Scoring pairs of images with an embedder."""

import math
from collections.abc import Iterable, Sequence

import numpy as np

from keras_sphereface.contract import (
    FaceInput,
    cosine_similarity,
    flip_fusion,
    unit_embeddings,
)
from keras_sphereface.contract.similarity import Embed
from keras_sphereface.pairs import PairSet


def score_pairs(
    embed: Embed,
    pairs: PairSet,
    *,
    flip: bool = False,
    batch_size: int = 64,
    face_input: FaceInput | None = None,
    progress: bool = False,
) -> np.ndarray:
    """Cosine similarity of each pair; every image is embedded once.

    Args:
        embed: callable, uint8 images `[batch_size, height, width, 3]` to
            embeddings `[batch_size, embedding_dim]`, as array or tensor: a
            Keras model, a `FaceVerifier.embed`, any function.
        pairs: `PairSet`.
        flip: bool, whether the mirror image's embedding is added. Defaults to
            `False`.
        batch_size: int, at least 1; the last batch may be smaller. Defaults to
            `64`.
        face_input: `FaceInput` every image must fit. Defaults to `None`: all
            must have the size of the first.
        progress: bool, whether to show a progress bar. Defaults to `False`.

    Returns:
        float32 array, `[num_pairs]`, in `[-1, 1]`.

    Raises:
        ValueError: an image cannot be read, or its embedding is all zeros or
            not finite, an `EmbeddingError`; the image is named.
    """
    batches: Iterable[np.ndarray] = pairs.batches(batch_size, face_input)
    if progress:
        from tqdm import tqdm

        total = math.ceil(len(pairs.images) / batch_size)
        batches = tqdm(batches, total=total, desc="embedding", unit="batch")
    parts, start = [], 0
    for images in batches:
        names = pairs.names[start : start + len(images)]
        parts.append(_embed_batch(embed, images, names, flip))
        start += len(images)
    embeddings = np.concatenate(parts)
    return cosine_similarity(
        embeddings[pairs.index_a], embeddings[pairs.index_b]
    )


def _embed_batch(
    embed: Embed, images: np.ndarray, names: Sequence[str], flip: bool
) -> np.ndarray:
    if flip:
        return flip_fusion(embed, images, names)
    embeddings = unit_embeddings(embed(images), names)
    if len(embeddings) != len(images):
        raise ValueError(
            "`embed` must return one embedding per image. "
            f"Received: {len(embeddings)} embeddings of {len(images)} images"
        )
    return embeddings
