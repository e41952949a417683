"""Margins in place: what a head makes of a whole row of cosines."""

from keras import ops

from keras_sphereface.ops.additive_margins import arcface_margin
from keras_sphereface.ops.detachment import detach_characteristic
from keras_sphereface.ops.margins import (
    sphereface_margin,
    spherefacer_v1_margin,
    spherefacer_v2_margin,
)


def is_target(cos_theta, labels):
    """Which entry of each row belongs to the true class.

    Args:
        cos_theta: tensor, `(batch_size, num_classes)`; only its shape is read.
        labels: int32 tensor, `(batch_size,)`.

    Returns:
        Bool tensor, `(batch_size, num_classes)`.
    """
    return labels[:, None] == ops.arange(cos_theta.shape[1])[None, :]


def target_cosines(cos_theta, labels):
    """Cosine of each sample to its true class.

    Args:
        cos_theta: float32 tensor, `(batch_size, num_classes)`.
        labels: int32 tensor, `(batch_size,)`.

    Returns:
        Float32 tensor, `(batch_size, 1)`.
    """
    return ops.take_along_axis(cos_theta, labels[:, None], axis=1)


def apply_target_margin(cos_theta, labels, function, *, detach=False):
    """Cosines, with `function` of it in place of the true class's.

    Args:
        cos_theta: float32 tensor, `(batch_size, num_classes)`.
        labels: int32 tensor, `(batch_size,)`.
        function: callable from cosines, `(batch_size, 1)`, to values of the
            same shape.
        detach: bool, whether the backward pass sees the cosine instead
            (characteristic gradient detachment). Defaults to `False`.

    Returns:
        Float32 tensor, `(batch_size, num_classes)`.
    """
    cos_target = target_cosines(cos_theta, labels)
    target = function(cos_target)
    if detach:
        target = detach_characteristic(target, cos_target)
    return ops.where(is_target(cos_theta, labels), target, cos_theta)


def spherefacer_margins(cos_theta, labels, *, variant, margin, detach):
    """Cosines with the margin of SphereFace-R in place.

    v0 and v1 multiply the angle to the true class, v2 divides the others.

    Args:
        cos_theta: float32 tensor, `(batch_size, num_classes)`.
        labels: int32 tensor, `(batch_size,)`.
        variant: `"v0"`, `"v1"` or `"v2"`.
        margin: float, at least 1.
        detach: bool, whether the backward pass sees the cosines instead.

    Returns:
        Float32 tensor, `(batch_size, num_classes)`.

    Reference:
        - [Liu et al., 2022](https://arxiv.org/abs/2109.05565)
    """
    if variant == "v2":
        others = spherefacer_v2_margin(cos_theta, margin=margin)
        if detach:
            others = detach_characteristic(others, cos_theta)
        return ops.where(is_target(cos_theta, labels), cos_theta, others)
    function = sphereface_margin if variant == "v0" else spherefacer_v1_margin
    return apply_target_margin(
        cos_theta,
        labels,
        lambda cos_target: function(cos_target, margin=margin),
        detach=detach,
    )


def curricularface_margins(cos_theta, labels, *, margin, hardness, detach):
    """Cosines with the margin of CurricularFace in place.

    The true class is as in ArcFace. A class that is nearer than that, a hard
    negative, has its cosine multiplied by `hardness + cos(theta_j)`: less than
    1 early in training, more later.

    Args:
        cos_theta: float32 tensor, `(batch_size, num_classes)`.
        labels: int32 tensor, `(batch_size,)`.
        margin: float, at least 0, radians.
        hardness: float32 scalar, moving average of the target cosine.
        detach: bool, whether the backward pass sees the cosines instead.

    Returns:
        Float32 tensor, `(batch_size, num_classes)`.

    Reference:
        - [Huang et al., 2020](https://arxiv.org/abs/2004.00288)
    """
    target = arcface_margin(target_cosines(cos_theta, labels), margin=margin)
    is_hard = cos_theta > target
    others = ops.where(is_hard, cos_theta * (hardness + cos_theta), cos_theta)
    values = ops.where(is_target(cos_theta, labels), target, others)
    return detach_characteristic(values, cos_theta) if detach else values
