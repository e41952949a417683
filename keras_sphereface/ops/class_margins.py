"""Margins in place: what a head makes of a whole row of cosines."""

from keras import ops

from keras_sphereface.backend.column_chunks import replace_in_rows
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


def elementwise_margins(
    cos_theta, labels, *, target=None, others=None, detach=False
):
    """Cosines with a margin in place that looks at one of them at a time.

    Args:
        cos_theta: float32 tensor, `(batch_size, num_classes)`.
        labels: int32 tensor, `(batch_size,)`.
        target: callable from cosines to the true class, `(batch_size, 1)`, to
            values of the same shape. Defaults to `None`, the cosines.
        others: callable from cosines to values, element by element, for the
            other classes. Defaults to `None`, the cosines.
        detach: bool, whether the backward pass sees the cosines instead
            (characteristic gradient detachment). Defaults to `False`.

    Returns:
        Float32 tensor, `(batch_size, num_classes)`.
    """
    if target is None and others is None:
        return cos_theta
    cos_target = target_cosines(cos_theta, labels)
    values, target_values = cos_theta, cos_target
    if others is not None:
        values = others(cos_theta)
        if detach:
            values = detach_characteristic(values, cos_theta)
    if target is not None:
        target_values = target(cos_target)
        if detach:
            target_values = detach_characteristic(target_values, cos_target)
    return replace_in_rows(values, labels, target_values[:, 0])


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
    return elementwise_margins(
        cos_theta, labels, target=function, detach=detach
    )


def spherefacer_functions(*, variant, margin):
    """What SphereFace-R makes of the true class, and of the others.

    v0 and v1 multiply the angle to the true class, v2 divides the others.

    Args:
        variant: `"v0"`, `"v1"` or `"v2"`.
        margin: float, at least 1.

    Returns:
        Dict of the arguments `target` and `others` of `elementwise_margins`.

    Reference:
        - [Liu et al., 2022](https://arxiv.org/abs/2109.05565)
    """
    function = {
        "v0": sphereface_margin,
        "v1": spherefacer_v1_margin,
        "v2": spherefacer_v2_margin,
    }[variant]
    name = "others" if variant == "v2" else "target"
    return {name: lambda cos_theta: function(cos_theta, margin=margin)}


def spherefacer_margins(cos_theta, labels, *, variant, margin, detach):
    """Cosines with the margin of SphereFace-R in place.

    Args:
        cos_theta: float32 tensor, `(batch_size, num_classes)`.
        labels: int32 tensor, `(batch_size,)`.
        variant: `"v0"`, `"v1"` or `"v2"`.
        margin: float, at least 1.
        detach: bool, whether the backward pass sees the cosines instead.

    Returns:
        Float32 tensor, `(batch_size, num_classes)`.
    """
    functions = spherefacer_functions(variant=variant, margin=margin)
    return elementwise_margins(cos_theta, labels, detach=detach, **functions)


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
