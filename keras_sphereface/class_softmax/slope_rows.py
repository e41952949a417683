"""What the slopes of logits are multiplied by to become gradients."""

from keras import ops


class SlopeRows:
    """What rows of slopes are multiplied by, outside of the chunks.

    The entry of the true class in a chunk is `own`, which the factor of its
    row turns into the gradient of its cosine. Where the other classes have
    next to none, the factor is one that turns only `own` into something.

    Args:
        unit: float32 tensor, `(batch_size, embedding_dim)`, embeddings of norm
            1.
        scale: float32 tensor, `(batch_size,)`, at least 0.
        d_total: float32 tensor, `(batch_size,)`, gradient of the sum over the
            other classes.
        d_own: float32 tensor, `(batch_size,)`, gradient of the cosine to the
            true class.
    """

    def __init__(self, unit, scale, d_total, d_own):
        least = 1e-20 * ops.abs(d_own)
        factor = scale * d_total
        factor = ops.where(ops.abs(factor) < least, least, factor)
        is_zero = factor == 0.0
        own = d_own / ops.where(is_zero, 1.0, factor)
        self.unit = unit
        self.scale_or_one = ops.where(scale == 0.0, 1.0, scale)
        self.d_total = d_total
        self.factor = factor
        self.own = ops.where(is_zero, 0.0, own)
        self.right = ops.transpose(unit * factor[:, None])
