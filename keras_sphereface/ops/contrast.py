"""Positive pairs against negative ones, without class centers."""

from keras import ops

from keras_sphereface.ops.cosines import safe_normalize
from keras_sphereface.ops.pair_distances import mean_of_pairs, pair_masks


def contrastive_losses(is_same, distances, *, margin):
    """`d^2` of a positive pair, `max(margin - d, 0)^2` of a negative one.

    Args:
        is_same: float32 tensor, `(batch_size,)`, 1 or 0.
        distances: float32 tensor, `(batch_size,)`.
        margin: float.

    Returns:
        Float32 tensor, `(batch_size,)`.

    Reference:
        - Hadsell, Chopra and LeCun, CVPR 2006
    """
    near = ops.square(distances)
    far = ops.square(ops.maximum(margin - distances, 0.0))
    return is_same * near + (1.0 - is_same) * far


def npairs_losses(labels, similarities):
    """Cross-entropy of each row of similarities with its positives.

    Args:
        labels: tensor, `(batch_size,)`.
        similarities: float32 tensor, `(batch_size, batch_size)`, of anchors,
            the rows, and positives, the columns, in one order.

    Returns:
        Float32 tensor, `(batch_size,)`.

    Reference:
        - Sohn, NIPS 2016
    """
    targets = ops.cast(labels[:, None] == labels[None, :], similarities.dtype)
    targets = targets / ops.sum(targets, axis=1, keepdims=True)
    return -ops.sum(targets * ops.log_softmax(similarities), axis=1)


def supervised_contrastive_losses(labels, embeddings, *, temperature):
    """Cross-entropy of an anchor with its positives, averaged over them.

    Args:
        labels: tensor, `(batch_size,)`.
        embeddings: float32 tensor, `(batch_size, embedding_dim)`, any norm.
        temperature: float, above 0, that cosines are divided by.

    Returns:
        Float32 tensor, `(batch_size,)`; 0 for a sample without positives.

    Reference:
        - [Khosla et al., 2020](https://arxiv.org/abs/2004.11362)
    """
    unit, _ = safe_normalize(embeddings)
    logits = ops.matmul(unit, ops.transpose(unit)) / temperature
    is_positive, is_negative = pair_masks(labels)
    is_other = is_positive | is_negative
    # A sample is not compared with itself.
    others = ops.where(is_other, logits, ops.full_like(logits, -1e9))
    log_shares = ops.log_softmax(others)
    positives = ops.cast(is_positive, logits.dtype)
    total = ops.sum(positives * log_shares, axis=1)
    return -total / ops.maximum(ops.sum(positives, axis=1), 1.0)


def simple_losses(
    labels,
    embeddings,
    *,
    angle_bias,
    positive_weight,
    temperature,
    margin,
    loss_weight,
    bias,
):
    """SimPLE: binary cross-entropies of pairs, without normalization.

    The score of a pair is `<x1, x2> - angle_bias * |x1| |x2|`, its logit
    `(score - margin + bias) / temperature` if positive, `(score + margin +
    bias) * temperature` if negative.

    Args:
        labels: tensor, `(batch_size,)`.
        embeddings: float32 tensor, `(batch_size, embedding_dim)`.
        angle_bias: float, the cosine at which the score changes sign.
        positive_weight: float in `(0, 1)`, of the mean over positive pairs.
        temperature: float, above 0.
        margin: float.
        loss_weight: float, above 0.
        bias: float.

    Returns:
        Float32 tensor, `(batch_size,)`.

    Reference:
        - [Wen et al., 2023](https://arxiv.org/abs/2310.09449)
    """
    is_positive, is_negative = pair_masks(labels)
    return simple_pair_losses(
        simple_scores(embeddings, embeddings, angle_bias=angle_bias),
        is_positive,
        is_negative,
        positive_weight=positive_weight,
        temperature=temperature,
        margin=margin,
        loss_weight=loss_weight,
        bias=bias,
    )


def simple_scores(embeddings, others, *, angle_bias):
    """Scores of SimPLE between all rows, `<x1, x2> - angle_bias * |x1| |x2|`.

    Args:
        embeddings: float32 tensor, `(batch_size, embedding_dim)`.
        others: float32 tensor, `(num_others, embedding_dim)`.
        angle_bias: float, the cosine at which the score changes sign.

    Returns:
        Float32 tensor, `(batch_size, num_others)`.
    """
    _, norms = safe_normalize(embeddings)
    _, other_norms = safe_normalize(others)
    products = ops.matmul(norms, ops.transpose(other_norms))
    scores = ops.matmul(embeddings, ops.transpose(others))
    return scores - angle_bias * products


def simple_pair_losses(
    scores,
    is_positive,
    is_negative,
    *,
    positive_weight,
    temperature,
    margin,
    loss_weight,
    bias,
    over_replicas=False,
):
    """SimPLE's losses of pairs whose scores are known; see `simple_losses`.

    Args:
        scores: float32 tensor, `(batch_size, num_others)`.
        is_positive: bool tensor like `scores`, which pairs are of one person.
        is_negative: bool tensor like `scores`, which are of two.
        positive_weight: float in `(0, 1)`.
        temperature: float, above 0.
        margin: float.
        loss_weight: float, above 0.
        bias: float, or scalar tensor, which gets a gradient.
        over_replicas: bool, whether the means are over the pairs of all
            replicas. Defaults to `False`.

    Returns:
        Float32 tensor, `(batch_size,)`.
    """
    positive = ops.softplus(-(scores - margin + bias) / temperature)
    negative = ops.softplus((scores + margin + bias) * temperature)
    positive = mean_of_pairs(positive, is_positive, over_replicas)
    negative = mean_of_pairs(negative, is_negative, over_replicas)
    return loss_weight * (
        positive_weight * positive + (1.0 - positive_weight) * negative
    )
