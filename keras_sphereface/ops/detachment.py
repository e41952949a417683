"""Characteristic gradient detachment."""

from keras import ops

from keras_sphereface.backend.gradients import custom_gradient


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
        Float32 tensor, `[...]`, equal to `value`.

    Reference:
        - [Liu et al., 2022](https://arxiv.org/abs/2109.05565)
    """
    (result,) = _pass_gradient_by(ops.stop_gradient(value), cos_theta)
    return result


@custom_gradient
def _pass_gradient_by(value, cos_theta):
    # `cos_theta + stop_gradient(value - cos_theta)`, without its two passes
    # over all logits and without its rounding.
    return (value,), lambda upstream: (ops.zeros_like(upstream), upstream)
