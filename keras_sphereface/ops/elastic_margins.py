"""Margins that were drawn, dealt out by how hard a sample is."""

from keras import ops


def largest_for_hardest(margins, cos_target):
    """Drawn margins in the order of ElasticFace+.

    The sample that is farthest from its center gets the largest margin, the
    nearest one the smallest.

    Args:
        margins: float32 tensor, `(batch_size, 1)`.
        cos_target: float32 tensor, `(batch_size, 1)`, cosines to the true
            classes; they get no gradient.

    Returns:
        Float32 tensor, `(batch_size, 1)`, the same margins in another order.

    Reference:
        - [Boutros et al., 2022](https://arxiv.org/abs/2109.09416)
    """
    nearest_first = ops.argsort(-ops.stop_gradient(cos_target[:, 0]))
    ranks = ops.argsort(nearest_first)
    return ops.take(ops.sort(margins[:, 0]), ranks)[:, None]
