"""Triplets within a batch: anchor, positive, negative."""

from keras import ops

from keras_sphereface.ops.pair_distances import mean_of_pairs, pair_masks


def semi_hard_triplet_losses(labels, distances, *, margin):
    """Triplet losses with the nearest negative beyond each positive.

    A negative is semi-hard if it is farther than the positive. Where there is
    none, the farthest negative stands in.

    Args:
        labels: tensor, `(batch_size,)`.
        distances: float32 tensor, `(batch_size, batch_size)`.
        margin: float.

    Returns:
        Float32 tensor, `(batch_size,)`, whose mean is the mean over positive
        pairs.

    Reference:
        - [Schroff et al., 2015](https://arxiv.org/abs/1503.03832)
    """
    is_positive, is_negative = pair_masks(labels)
    # anchor, positive, negative
    to_negative = distances[:, None, :]
    is_beyond = to_negative > distances[:, :, None]
    is_semi_hard = is_negative[:, None, :] & is_beyond
    farthest = ops.max(distances, axis=1, keepdims=True)
    nearest_beyond = ops.min(
        ops.where(is_semi_hard, to_negative, farthest[:, :, None]), axis=2
    )
    # An anchor without negatives is compared with itself, at distance 0.
    nearest = ops.min(distances, axis=1, keepdims=True)
    farthest_negative = ops.max(
        ops.where(is_negative, distances, nearest), axis=1, keepdims=True
    )
    negative = ops.where(
        ops.any(is_semi_hard, axis=2), nearest_beyond, farthest_negative
    )
    losses = ops.maximum(margin + distances - negative, 0.0)
    return mean_of_pairs(losses, is_positive)


def hard_triplet_losses(labels, distances, *, margin, soft=False):
    """Triplet losses with the farthest positive and the nearest negative.

    Args:
        labels: tensor, `(batch_size,)`.
        distances: float32 tensor, `(batch_size, batch_size)`.
        margin: float, not used if `soft`.
        soft: bool, `log(1 + e^x)` in place of `max(x + margin, 0)`. Defaults
            to `False`.

    Returns:
        Float32 tensor, `(batch_size,)`.

    Reference:
        - [Hermans et al., 2017](https://arxiv.org/abs/1703.07737)
    """
    is_positive, is_negative = pair_masks(labels)
    nearest = ops.min(distances, axis=1, keepdims=True)
    farthest = ops.max(distances, axis=1, keepdims=True)
    positive = ops.max(ops.where(is_positive, distances, nearest), axis=1)
    negative = ops.min(ops.where(is_negative, distances, farthest), axis=1)
    if soft:
        return ops.softplus(positive - negative)
    return ops.maximum(positive - negative + margin, 0.0)
