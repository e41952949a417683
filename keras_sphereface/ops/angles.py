"""Norms and angles whose values and gradients are finite everywhere."""

import math

import keras
from keras import ops

from keras_sphereface.backend.gradients import custom_gradient

# Below this squared norm a float32 vector has no direction worth the name.
_TINY_SQUARED_NORM = 1e-30
# OpenSphere's bound; it has to be applied in float32, since 1 - 1e-5 rounds
# to 1 in float16.
_COS_BOUND = 1.0 - 1e-5


def safe_normalize(vectors, axis=-1):
    """Unit vectors and their norms, with a zero vector left at zero.

    A zero vector gets direction 0, norm 0 and gradient 0, where the plain
    quotient would give NaN.

    Args:
        vectors: float32 tensor, any shape.
        axis: int, the axis that holds a vector's components. Defaults to
            `-1`.

    Returns:
        Tuple of the unit vectors, shaped like `vectors`, and their norms,
        with `axis` kept at size 1.
    """
    squared = ops.sum(ops.square(vectors), axis=axis, keepdims=True)
    is_zero = squared < _TINY_SQUARED_NORM
    inverse = ops.rsqrt(ops.where(is_zero, ops.ones_like(squared), squared))
    inverse = ops.where(is_zero, ops.zeros_like(inverse), inverse)
    return vectors * inverse, squared * inverse


def angle(cos_theta):
    """Angle of a cosine, `arccos` clipped to `±(1 - 1e-5)`.

    Computed from the half angle, `2 atan2(√(1 - cos), √(1 + cos))`. The
    derivative of `arccos` contains `1 - cos²`, which cancels near `±1`; here
    the differences are exact and the gradient keeps float32 accuracy. It is
    zero beyond the clip.

    Args:
        cos_theta: float32 tensor, any shape; rounding past 1 is clipped.

    Returns:
        Tensor like `cos_theta`, radians, in `[0.0045, π - 0.0045]`.
    """
    if keras.backend.backend() == "tensorflow":
        (theta,) = _arccos(cos_theta)
        return theta
    cos_theta = ops.clip(cos_theta, -_COS_BOUND, _COS_BOUND)
    half_sine = ops.sqrt(1.0 - cos_theta)
    half_cosine = ops.sqrt(1.0 + cos_theta)
    return 2.0 * ops.arctan2(half_sine, half_cosine)


@custom_gradient
def _arccos(cos_theta):
    # TensorFlow's `arccos` is as exact, in one pass where the half angle takes
    # five; only its gradient is not.
    clipped = ops.clip(cos_theta, -_COS_BOUND, _COS_BOUND)

    def gradient(upstream):
        slope = ops.rsqrt((1.0 - clipped) * (1.0 + clipped))
        is_inside = ops.abs(cos_theta) <= _COS_BOUND
        return (ops.where(is_inside, -upstream * slope, 0.0),)

    return (ops.arccos(clipped),), gradient


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
