"""Characteristic gradient detachment."""

from keras import ops


def detach_characteristic(value, cos_theta):
    """`value` going forward, the gradient of `cos_theta` going backward.

    The gradient is *not* that of the forward formula: SphereFace-R lets the
    margin set how large the loss is but not how steep it is, which is what
    makes large margins trainable. `arccos` is never differentiated.

    Args:
        value: float32 tensor, `[...]`, the characteristic function of
            `cos_theta`.
        cos_theta: float32 tensor, `[...]`.

    Returns:
        Float32 tensor, `[...]`, equal to `value` up to rounding.

    Reference:
        - [Liu et al., 2022](https://arxiv.org/abs/2109.05565)
    """
    return cos_theta + ops.stop_gradient(value - cos_theta)
