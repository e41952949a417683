"""What layers of attention have in common: channels in groups, heads."""

from keras import ops


def split_heads(inputs, num_heads, tokens):
    """Channels head by head.

    Args:
        inputs: float tensor, `(batch_size, tokens, channels)`, or with the
            tokens on several axes.
        num_heads: int, a divisor of the channels.
        tokens: int, the number of them.

    Returns:
        Float tensor, `(batch_size, num_heads, tokens, channels / num_heads)`.
    """
    size = inputs.shape[-1] // num_heads
    return ops.transpose(
        ops.reshape(inputs, (-1, tokens, num_heads, size)), (0, 2, 1, 3)
    )


def join_heads(heads, shape):
    """The opposite of `split_heads`.

    Args:
        heads: float tensor, `(batch_size, num_heads, tokens, size)`.
        shape: tuple of ints, axes after the first: tokens and channels.

    Returns:
        Float tensor, `(batch_size, *shape)`.
    """
    return ops.reshape(ops.transpose(heads, (0, 2, 1, 3)), (-1, *shape))
