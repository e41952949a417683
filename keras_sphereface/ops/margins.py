"""Multiplicative margins: what they make of a cosine."""

import math

from keras import ops

from keras_sphereface.ops.angles import angle, falling_cosine


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
    psi = falling_cosine(margin * angle(cos_theta))
    return _unless_plain(margin, psi, cos_theta)


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
    m_theta = ops.minimum(margin * angle(cos_theta), math.pi)
    return _unless_plain(margin, ops.cos(m_theta), cos_theta)


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
    value = ops.cos(angle(cos_theta) / margin)
    return _unless_plain(margin, value, cos_theta)


def _unless_plain(margin, value, cos_theta):
    # Without a margin the cosine stays as it is, to the last bit.
    return ops.where(ops.equal(margin, 1.0), cos_theta, value)
