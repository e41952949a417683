"""Margins on an angle: what stands in place of a cosine."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
from keras import ops

from keras_sphereface.backend.gradients import custom_gradient, vector_jacobian

# OpenSphere's bound; it has to be applied in float32, since 1 - 1e-5 rounds
# to 1 in float16.
_COS_BOUND = 1.0 - 1e-5


class Margin(NamedTuple):
    """What stands in place of each cosine, and whether the gradient sees it.

    A margin looks at one cosine at a time, so that a head may compute its
    classes in chunks, sample them or split them over devices.

    Attributes:
        target: callable `(cos_target, *parameters)` from the cosines to the
            true class, `(batch_size, 1)`, to values of the same shape.
            Defaults to `None`, the cosines.
        others: callable from cosines to values, element by element and
            increasing, for the other classes. Defaults to `None`, the cosines.
        detach: bool, whether the backward pass sees the cosines in place of
            the values (characteristic gradient detachment). Defaults to
            `False`. With `"cosine"` a scale that has a gradient, such as the
            norm of an embedding, sees the values all the same.
        parameters: tuple of float32 tensors that `target` takes and whose
            gradients matter, such as a margin that depends on the norm; what
            it closes over has no gradient. Defaults to none.

    Example:

    ```python
    Margin(target=lambda cos_target: cos_target - 0.35)  # CosFace
    ```
    """

    target: Callable | None = None
    others: Callable | None = None
    detach: bool | str = False
    parameters: tuple[Any, ...] = ()

    def target_values(self, cos_target):
        """Values in place of the cosines to the true class.

        Args:
            cos_target: float32, `(batch_size, 1)`.

        Returns:
            Float32 tensor, `(batch_size, 1)`.
        """
        if self.target is None:
            return cos_target

        # So that what it closes over has no gradient, as in `class_logits`.
        def forward(*values):
            def gradient(upstream):
                return vector_jacobian(self.target, values, upstream)

            return (self.target(*values),), gradient

        (values,) = custom_gradient(forward)(cos_target, *self.parameters)
        return values

    def other_values(self, cos_theta):
        """Values in place of the cosines to the other classes.

        Args:
            cos_theta: float32 tensor, any shape.

        Returns:
            Float32 tensor, like `cos_theta`.
        """
        return cos_theta if self.others is None else self.others(cos_theta)


@custom_gradient
def angle(cos_theta):
    """Angle of a cosine, `arccos` clipped to `±(1 - 1e-5)`.

    The derivative of `arccos` contains `1 - cos²`, which cancels near `±1`;
    as a product of `1 - cos` and `1 + cos` the gradient keeps float32
    accuracy. It is zero beyond the clip.

    Args:
        cos_theta: float32 tensor, any shape; rounding past 1 is clipped.

    Returns:
        Tensor like `cos_theta`, radians, in `[0.0045, π - 0.0045]`.
    """
    clipped = ops.clip(cos_theta, -_COS_BOUND, _COS_BOUND)

    def gradient(upstream):
        slope = ops.rsqrt((1.0 - clipped) * (1.0 + clipped))
        is_inside = ops.abs(cos_theta) <= _COS_BOUND
        return (ops.where(is_inside, -upstream * slope, 0.0),)

    return ops.arccos(clipped), gradient


def falling_cosine(theta):
    """Cosine that keeps falling past `π`, `(-1)^k cos(θ) - 2k`, `k = ⌊θ/π⌋`.

    A margin may push an angle past `π`, where the cosine would rise again and
    reward a larger angle. Turned over at each multiple of `π`, it falls
    without a jump; between `π` and `2π` it is `-2 - cos(θ)`.

    Args:
        theta: float32 tensor, any shape, radians.

    Returns:
        Tensor like `theta`.
    """
    k = ops.stop_gradient(ops.floor(theta / math.pi))
    sign = 1.0 - 2.0 * ops.mod(k, 2.0)
    return sign * ops.cos(theta) - 2.0 * k


def sphereface_margin(cos_theta, *, margin):
    """Target value of SphereFace, `psi = (-1)^k cos(m * theta) - 2k`.

    `k = floor(m * theta / pi)` makes `psi` fall on all of `[0, pi]`. The
    margin `m` is any real number, as in SphereFace-R v0, not only an integer.

    Args:
        cos_theta: float32 tensor, `[...]`; rounding past 1 is clipped.
        margin: float, `m >= 1`; `1` returns `cos_theta`.

    Returns:
        Float32 tensor, `[...]`, at most `cos_theta` up to rounding.

    Reference:
        - [Liu et al., 2017](https://arxiv.org/abs/1704.08063)
        - [Liu et al., 2022](https://arxiv.org/abs/2109.05565)
    """
    return _unless_plain(
        margin, cos_theta, lambda: falling_cosine(margin * angle(cos_theta))
    )


def spherefacer_v1_margin(cos_theta, *, margin):
    """Target value of SphereFace-R v1, `cos(min(m * theta, pi))`.

    It falls until `m * theta` reaches `pi` and stays at `-1` from there on.

    Args:
        cos_theta: float32 tensor, `[...]`; rounding past 1 is clipped.
        margin: float, `m >= 1`; `1` returns `cos_theta`.

    Returns:
        Float32 tensor, `[...]`, in `[-1, 1]`, at most `cos_theta` up to
        rounding.

    Reference:
        - [Liu et al., 2022](https://arxiv.org/abs/2109.05565)
    """
    return _unless_plain(
        margin,
        cos_theta,
        lambda: ops.cos(ops.minimum(margin * angle(cos_theta), math.pi)),
    )


def spherefacer_v2_margin(cos_theta, *, margin):
    """Non-target value of SphereFace-R v2, `cos(theta / m)`.

    v2 leaves the target alone and raises every other class instead. Its
    decision boundary is that of v1, `m * theta_y = theta_j`.

    Args:
        cos_theta: float32 tensor, `[...]`; rounding past 1 is clipped.
        margin: float, `m >= 1`; `1` returns `cos_theta`.

    Returns:
        Float32 tensor, `[...]`, at least `cos_theta` up to rounding.

    Reference:
        - [Liu et al., 2022](https://arxiv.org/abs/2109.05565)
    """
    return _unless_plain(
        margin, cos_theta, lambda: ops.cos(angle(cos_theta) / margin)
    )


def spherefacer_margin(*, variant, margin, detach):
    """Margin of SphereFace-R.

    v0 and v1 multiply the angle to the true class, v2 divides the others.

    Args:
        variant: `"v0"`, `"v1"` or `"v2"`.
        margin: float, at least 1.
        detach: bool, or `"cosine"`. As in `Margin`.

    Returns:
        `Margin`.

    Reference:
        - [Liu et al., 2022](https://arxiv.org/abs/2109.05565)
    """
    function = {
        "v0": sphereface_margin,
        "v1": spherefacer_v1_margin,
        "v2": spherefacer_v2_margin,
    }[variant]
    name = "others" if variant == "v2" else "target"
    value = {name: lambda cos_theta: function(cos_theta, margin=margin)}
    return Margin(**value, detach=detach)


def arcface_margin(cos_theta, *, margin):
    """Target value of ArcFace, `cos(theta + m)`.

    Past `theta = pi - m` it is `-2 - cos(theta + m)`, which goes on falling
    without a jump; the tail of the paper's own code jumps or rises there.

    Args:
        cos_theta: float32 tensor, `[...]`; rounding past 1 is clipped.
        margin: float or tensor that broadcasts, `m >= 0`, radians; `0`
            returns `cos_theta`.

    Returns:
        Float32 tensor, `[...]`, at most `cos_theta` up to rounding.

    Reference:
        - [Deng et al., 2019](https://arxiv.org/abs/1801.07698)
    """
    value = falling_cosine(angle(cos_theta) + margin)
    # Without a margin the cosine stays as it is, to the last bit.
    return ops.where(ops.equal(margin, 0.0), cos_theta, value)


def cosface_margin(cos_theta, *, margin):
    """Target value of CosFace, `cos(theta) - m`.

    Args:
        cos_theta: float32 tensor, `[...]`.
        margin: float or tensor that broadcasts, `m >= 0`; `0` returns
            `cos_theta`.

    Returns:
        Float32 tensor, `[...]`, at most `cos_theta`.

    Reference:
        - [Wang et al., 2018](https://arxiv.org/abs/1801.09414)
    """
    return cos_theta - margin


def combined_margin(cos_theta, *, angle_factor, angle_margin, cosine_margin):
    """Target value of the combined margin, `cos(m1 * theta + m2) - m3`.

    `(m, 0, 0)` is SphereFace, `(1, m, 0)` ArcFace and `(1, 0, m)` CosFace.
    Where the angle passes `pi` its cosine keeps falling, as in SphereFace.

    Args:
        cos_theta: float32 tensor, `[...]`; rounding past 1 is clipped.
        angle_factor: float, `m1 >= 1`.
        angle_margin: float, `m2 >= 0`, radians.
        cosine_margin: float, `m3 >= 0`.

    Returns:
        Float32 tensor, `[...]`, at most `cos_theta` up to rounding.

    Reference:
        - [Deng et al., 2019](https://arxiv.org/abs/1801.07698)
    """
    value = falling_cosine(angle_factor * angle(cos_theta) + angle_margin)
    is_plain = ops.logical_and(
        ops.equal(angle_factor, 1.0), ops.equal(angle_margin, 0.0)
    )
    return ops.where(is_plain, cos_theta, value) - cosine_margin


def _unless_plain(margin, cos_theta, value):
    # Without a margin the cosine stays as it is, to the last bit.
    if isinstance(margin, int | float):
        return cos_theta if margin == 1 else value()
    is_plain = ops.equal(margin, 1.0)
    if keras.backend.backend() == "tensorflow" and len(is_plain.shape) == 0:
        # No pass over the matrix to choose; XLA makes none by itself.
        return ops.cond(is_plain, lambda: cos_theta, value)
    return ops.where(is_plain, cos_theta, value())
