"""Pairs within a batch: which are of one person, and how far apart."""

from keras import ops

from keras_sphereface.backend.replicas import (
    replica_index_and_count,
    sum_over_replicas,
)
from keras_sphereface.ops.cosines import safe_normalize


def pair_masks(labels):
    """Which pairs of a batch are positive and which negative.

    Args:
        labels: tensor, `(batch_size,)`.

    Returns:
        Two bool tensors, `(batch_size, batch_size)`: same label but not the
        same sample; another label.
    """
    is_same = labels[:, None] == labels[None, :]
    rows = ops.arange(ops.shape(labels)[0])
    is_itself = rows[:, None] == rows[None, :]
    return is_same & ops.logical_not(is_itself), ops.logical_not(is_same)


def squared_distances(embeddings):
    """Squared Euclidean distances between all rows, 0 on the diagonal.

    Args:
        embeddings: float32 tensor, `(batch_size, embedding_dim)`.

    Returns:
        Float32 tensor, `(batch_size, batch_size)`, at least 0.
    """
    squares = ops.sum(ops.square(embeddings), axis=1)
    products = ops.matmul(embeddings, ops.transpose(embeddings))
    distances = squares[:, None] + squares[None, :] - 2.0 * products
    rows = ops.arange(ops.shape(embeddings)[0])
    is_itself = rows[:, None] == rows[None, :]
    # Rounding leaves small numbers of either sign where points meet.
    return ops.where(
        is_itself | (distances < 0), ops.zeros_like(distances), distances
    )


def distances(embeddings):
    """Euclidean distances between all rows, 0 on the diagonal.

    The gradient of a distance of 0 is 0.

    Args:
        embeddings: float32 tensor, `(batch_size, embedding_dim)`.

    Returns:
        Float32 tensor, `(batch_size, batch_size)`.
    """
    squared = squared_distances(embeddings)
    is_zero = squared <= 0
    roots = ops.sqrt(ops.where(is_zero, ops.ones_like(squared), squared))
    return ops.where(is_zero, ops.zeros_like(roots), roots)


def angular_distances(embeddings):
    """One minus the cosine, between all rows.

    Args:
        embeddings: float32 tensor, `(batch_size, embedding_dim)`.

    Returns:
        Float32 tensor, `(batch_size, batch_size)`, in `[0, 2]`.
    """
    unit, _ = safe_normalize(embeddings)
    cosines = ops.matmul(unit, ops.transpose(unit))
    return ops.maximum(1.0 - cosines, 0.0)


def mean_of_pairs(values, mask, over_replicas=False):
    """Shares of samples in the mean over pairs.

    Args:
        values: float32 tensor, `(batch_size, num_others)`.
        mask: bool tensor like `values`, which pairs count.
        over_replicas: bool, whether the mean is over the pairs of all
            replicas, so that the mean over the global batch is. Defaults to
            `False`.

    Returns:
        Float32 tensor, `(batch_size,)`, whose mean is the mean of `values`
        over the pairs of `mask`; 0 where there are none.
    """
    total = ops.sum(ops.cast(mask, values.dtype))
    batch_size = ops.cast(ops.shape(values)[0], values.dtype)
    if over_replicas:
        total = sum_over_replicas(total)
        batch_size = batch_size * replica_index_and_count()[1]
    values = ops.where(mask, values, ops.zeros_like(values))
    return ops.sum(values, axis=1) * (batch_size / ops.maximum(total, 1.0))
