"""SphereFace2: one binary classifier per class, in balance from the start."""

import math

from keras import ops

from keras_sphereface.ops.margins import (
    Margin,
    arcface_margin,
    spherefacer_v1_margin,
)


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


def sphereface2_margin(*, variant, margin, power, detach):
    """Margin of SphereFace2 on adjusted similarities `g`.

    | `variant` | true class | every other class |
    |---|---|---|
    | `"C"` | `g(cos(theta_y)) - m` | `g(cos(theta_j)) + m` |
    | `"A"` | `g(cos(min(theta_y + m, pi)))` | `g(cos(theta_j))` |
    | `"M"` | `g(cos(min(m * theta_y, pi)))` | `g(cos(theta_j))` |

    Args:
        variant: `"C"`, `"A"` or `"M"`.
        margin: float, at least 0; at least 1 for `"M"`.
        power: float, `t` of `g = adjusted_similarity`, at least 1.
        detach: bool, whether the backward pass sees the cosines instead.

    Returns:
        `Margin`.

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
        return Margin(
            lambda cos_theta: similarity(cos_theta) - margin,
            lambda cos_theta: similarity(cos_theta) + margin,
            detach,
        )
    return Margin(smaller, similarity, detach)


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
