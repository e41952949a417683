"""Giving images to a graph in the batches and the type it takes."""

from collections.abc import Callable

import numpy as np


def to_input_dtype(images: np.ndarray, dtype: type[np.generic]) -> np.ndarray:
    """Pixels in the type a graph wants.

    Args:
        images: uint8 or float, `[batch_size, height, width, 3]`, in
            `[0, 255]`.
        dtype: `np.float32` or `np.uint8`; for the latter, floats are rounded
            to the nearest and clipped to `[0, 255]`.

    Returns:
        Array of `dtype`, the same shape.
    """
    if dtype == np.uint8 and images.dtype != np.uint8:
        images = np.clip(np.rint(images), 0, 255)
    return images.astype(dtype, copy=False)


def embed_in_batches(
    run: Callable[[np.ndarray], np.ndarray],
    images: np.ndarray,
    batch_size: int,
    embedding_dim: int,
) -> np.ndarray:
    """Embeds images a few at a time, so that memory does not grow with them.

    The last batch is filled up with its last image; what comes of those is
    left out.

    Args:
        run: callable, `[batch_size, height, width, 3]` to
            `[batch_size, embedding_dim]`.
        images: `[num_images, height, width, 3]`.
        batch_size: int, at least 1.
        embedding_dim: int, at least 1.

    Returns:
        float32 array, `[num_images, embedding_dim]`.
    """
    embeddings = np.empty((len(images), embedding_dim), np.float32)
    for start in range(0, len(images), batch_size):
        batch = images[start : start + batch_size]
        count = len(batch)
        if count < batch_size:
            last = np.repeat(batch[-1:], batch_size - count, axis=0)
            batch = np.concatenate([batch, last])
        embeddings[start : start + count] = run(batch)[:count]
    return embeddings
