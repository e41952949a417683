"""SphereFace2: one binary classifier a class, in balance from the start."""

import math

from keras import ops

from keras_sphereface.ops.additive_margins import arcface_margin
from keras_sphereface.ops.class_margins import elementwise_margins, is_target
from keras_sphereface.ops.margins import spherefacer_v1_margin


def adjusted_similarity(cos_theta, *, power):
    """Cosine spread out where training needs it, `2 ((z + 1) / 2)^t - 1`.

    Args:
        cos_theta: float32 tensor, `[...]`, `z`; rounding past 1 is clipped.
        power: float, `t >= 1`; `1` returns `cos_theta`.

    Returns:
        Float32 tensor, `[...]`, in `[-1, 1]`, at most `cos_theta` up to
        rounding.

    Reference:
        - [Wen et al., 2022](https://arxiv.org/abs/2108.01513)
    """
    # The slope of a power has no value at 0.
    half = ops.clip((cos_theta + 1.0) / 2.0, 1e-7, 1.0)
    value = 2.0 * ops.power(half, power) - 1.0
    return ops.where(ops.equal(power, 1.0), cos_theta, value)


def sphereface2_functions(*, variant, margin, power):
    """What SphereFace2 makes of the true class, and of the others.

    | `variant` | true class | every other class |
    |---|---|---|
    | `"C"` | `g(cos(theta_y)) - m` | `g(cos(theta_j)) + m` |
    | `"A"` | `g(cos(min(theta_y + m, pi)))` | `g(cos(theta_j))` |
    | `"M"` | `g(cos(min(m * theta_y, pi)))` | `g(cos(theta_j))` |

    Args:
        variant: `"C"`, `"A"` or `"M"`.
        margin: float, at least 0; at least 1 for `"M"`.
        power: float, `t` of `g = adjusted_similarity`, at least 1.

    Returns:
        Dict of the arguments `target` and `others` of `elementwise_margins`.

    Reference:
        - [Wen et al., 2022](https://arxiv.org/abs/2108.01513)
    """

    def similarity(cos_theta):
        return adjusted_similarity(cos_theta, power=power)

    def smaller(cos_theta):
        if variant == "A":
            value = arcface_margin(cos_theta, margin=margin)
            # Here the angle stops at pi: g knows no similarity below -1.
            return similarity(ops.maximum(value, -1.0))
        return similarity(spherefacer_v1_margin(cos_theta, margin=margin))

    if variant == "C":
        return {
            "target": lambda cos_theta: similarity(cos_theta) - margin,
            "others": lambda cos_theta: similarity(cos_theta) + margin,
        }
    return {"target": smaller, "others": similarity}


def sphereface2_margins(cos_theta, labels, *, variant, margin, power, detach):
    """Adjusted similarities with the margin of SphereFace2 in place.

    Args:
        cos_theta: float32 tensor, `(batch_size, num_classes)`.
        labels: int32 tensor, `(batch_size,)`.
        variant: `"C"`, `"A"` or `"M"`.
        margin: float, at least 0; at least 1 for `"M"`.
        power: float, `t` of `g = adjusted_similarity`, at least 1.
        detach: bool, whether the backward pass sees the cosines instead.

    Returns:
        Float32 tensor, `(batch_size, num_classes)`.
    """
    functions = sphereface2_functions(
        variant=variant, margin=margin, power=power
    )
    return elementwise_margins(cos_theta, labels, detach=detach, **functions)


def sphereface2_bias(
    num_classes, *, variant, margin, scale, power, positive_weight
):
    """Bias at which positives and negatives pull equally hard at 90°.

    It solves `alpha * sigmoid(-(a_y + b)) = (1 - alpha)(C - 1) sigmoid(a_j +
    b)`, with `a_y` and `a_j` the scaled values of the true and of another
    class at 90°.

    Args:
        num_classes: int, `C`, at least 2.
        variant: `"C"`, `"A"` or `"M"`.
        margin: float.
        scale: float, above 0.
        power: float, at least 1.
        positive_weight: float in `(0, 1)`, `alpha`.

    Returns:
        Float.

    Reference:
        - [Wen et al., 2022](https://arxiv.org/abs/2108.01513)
    """

    def similarity(theta):
        return 2.0 * ((math.cos(theta) + 1.0) / 2.0) ** power - 1.0

    right = math.pi / 2
    target, other = {
        "C": (similarity(right) - margin, similarity(right) + margin),
        "A": (similarity(min(right + margin, math.pi)), similarity(right)),
        "M": (similarity(min(right * margin, math.pi)), similarity(right)),
    }[variant]
    z = positive_weight / ((1.0 - positive_weight) * (num_classes - 1))
    gap = scale * (target - other)
    root = math.sqrt((1.0 - z) ** 2 + 4.0 * z * math.exp(gap))
    if z <= 1.0:
        log_sum = math.log(1.0 - z + root)
    else:  # 1 - z + root cancels; 4z e^gap / (root - 1 + z) is the same
        log_sum = math.log(4.0 * z) + gap - math.log(root - 1.0 + z)
    return math.log(2.0 * z) - scale * other - log_sum


def sphereface2_losses(logits, labels, *, scale, positive_weight):
    """Sum over classes of weighted binary cross-entropies, over the scale.

    Args:
        logits: float32 tensor, `(batch_size, num_classes)`.
        labels: int32 tensor, `(batch_size,)`.
        scale: float, above 0.
        positive_weight: float in `(0, 1)`, of the true class; the others
            have `1 - positive_weight`.

    Returns:
        Float32 tensor, `(batch_size,)`.

    Reference:
        - [Wen et al., 2022](https://arxiv.org/abs/2108.01513)
    """
    losses = ops.where(
        is_target(logits, labels),
        positive_weight * ops.softplus(-logits),
        (1.0 - positive_weight) * ops.softplus(logits),
    )
    return ops.sum(losses, axis=-1) / scale


def check_sphereface2_arguments(num_classes, variant, power, positive_weight):
    """Raises a `ValueError` that names the first argument out of its range.

    Args:
        num_classes: int, at least 2, or `None` where it is not known yet.
        variant: `"C"`, `"A"` or `"M"`.
        power: float, at least 1.
        positive_weight: float in `(0, 1)`.
    """
    if num_classes is not None and num_classes < 2:
        raise ValueError(
            "`num_classes` must be at least 2: SphereFace2 balances a class "
            f"against the others. Received: num_classes={num_classes}"
        )
    if variant not in ("C", "A", "M"):
        raise ValueError(
            "`variant` must be one of ['C', 'A', 'M']. "
            f"Received: variant={variant!r}"
        )
    if not power >= 1:
        raise ValueError(f"`power` must be at least 1. Received: power={power}")
    if not 0 < positive_weight < 1:
        raise ValueError(
            "`positive_weight` must be in (0, 1). "
            f"Received: positive_weight={positive_weight}"
        )
