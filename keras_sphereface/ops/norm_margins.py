"""Margins that depend on the norm of the embedding: AdaFace, MagFace."""

from keras import ops

from keras_sphereface.ops.margins import angle, falling_cosine


def adaface_margin(cos_theta, *, margin, quality):
    """Target value of AdaFace, `cos(theta - m * g) - (m + m * g)`.

    A good image (`g = 1`) gets a margin on the cosine, a bad one (`g = -1`) a
    margin on the angle, which hard samples feel less. Angles below 0 count as
    0 and past `pi` the cosine keeps falling, so that the value never rises.

    Args:
        cos_theta: float32 tensor, `[...]`; rounding past 1 is clipped.
        margin: float, `m >= 0`; `0` returns `cos_theta`.
        quality: float32 tensor that broadcasts, `g`, in `[-1, 1]`.

    Returns:
        Float32 tensor, `[...]`, at most `cos_theta` up to rounding.

    Reference:
        - [Kim et al., 2022](https://arxiv.org/abs/2204.00964)
    """
    theta = ops.maximum(angle(cos_theta) - margin * quality, 0.0)
    value = falling_cosine(theta) - (margin + margin * quality)
    return ops.where(ops.equal(margin, 0.0), cos_theta, value)


def adaface_quality(norms, *, mean, std, concentration, epsilon=1e-3):
    """How good an image is, by the norm of its embedding.

    `clip(h * (norm - mean) / (std + epsilon), -1, 1)`, without a gradient.

    Args:
        norms: float32 tensor, `[...]`; clipped to `[0.001, 100]`.
        mean: float32 scalar, of the norms.
        std: float32 scalar, of the norms.
        concentration: float, `h`, above 0.
        epsilon: float, above 0. Defaults to `1e-3`.

    Returns:
        Float32 tensor like `norms`, in `[-1, 1]`.

    Reference:
        - [Kim et al., 2022](https://arxiv.org/abs/2204.00964)
    """
    deviation = (clip_norms(norms) - mean) / (std + epsilon)
    return ops.stop_gradient(ops.clip(concentration * deviation, -1.0, 1.0))


def clip_norms(norms):
    """Norms as AdaFace counts them, clipped to `[0.001, 100]`."""
    return ops.clip(norms, 1e-3, 100.0)


def magface_angle_margin(
    norms, *, lower_norm, upper_norm, lower_margin, upper_margin
):
    """Margin of MagFace on the angle, which grows with the norm.

    It goes in a straight line from `lower_margin` at `lower_norm` to
    `upper_margin` at `upper_norm`.

    Args:
        norms: float32 tensor, `[...]`; clipped to the two norms.
        lower_norm: float, above 0.
        upper_norm: float, above `lower_norm`.
        lower_margin: float, radians.
        upper_margin: float, radians.

    Returns:
        Float32 tensor like `norms`, radians.

    Reference:
        - [Meng et al., 2021](https://arxiv.org/abs/2103.06627)
    """
    slope = (upper_margin - lower_margin) / (upper_norm - lower_norm)
    norms = ops.clip(norms, lower_norm, upper_norm)
    return slope * (norms - lower_norm) + lower_margin


def magface_penalty(norms, *, lower_norm, upper_norm):
    """Penalty of MagFace, `1 / a + a / u^2`, which falls up to the norm `u`.

    Args:
        norms: float32 tensor, `[...]`, `a`; clipped to the two norms.
        lower_norm: float, above 0.
        upper_norm: float, `u`, above `lower_norm`.

    Returns:
        Float32 tensor like `norms`.

    Reference:
        - [Meng et al., 2021](https://arxiv.org/abs/2103.06627)
    """
    norms = ops.clip(norms, lower_norm, upper_norm)
    return 1.0 / norms + norms / upper_norm**2
