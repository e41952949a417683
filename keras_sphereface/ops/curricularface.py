"""CurricularFace: other classes are seen next to the margined true one."""

from keras import ops

from keras_sphereface.ops.cosines import replace_in_rows, take_in_rows
from keras_sphereface.ops.margins import arcface_margin


def curricularface_values(cos_theta, labels, *, margin, hardness):
    """Cosines with the margin of CurricularFace in place.

    The true class is as in ArcFace. A class that is nearer than that, a hard
    negative, has its cosine multiplied by `hardness + cos(theta_j)`: less than
    1 early in training, more later.

    Args:
        cos_theta: float32 tensor, `(batch_size, num_classes)`.
        labels: int32 tensor, `(batch_size,)`.
        margin: float, at least 0, radians.
        hardness: float32 scalar, moving average of the target cosine.

    Returns:
        Float32 tensor, `(batch_size, num_classes)`.

    Reference:
        - [Huang et al., 2020](https://arxiv.org/abs/2004.00288)
    """
    target = arcface_margin(take_in_rows(cos_theta, labels), margin=margin)
    others = curricular_negatives(cos_theta, target=target, hardness=hardness)
    return replace_in_rows(others, labels, target[:, 0])


def curricular_negatives(cos_theta, *, target, hardness):
    """Cosines to other classes, `c (t + c)` where they are hard.

    Args:
        cos_theta: float32 tensor, `(batch_size, any number of classes)`.
        target: float32 tensor, `(batch_size, 1)`, the margined value of the
            true class, above which a cosine is hard; it gets no gradient.
        hardness: float32 scalar, `t`.

    Returns:
        Float32 tensor, like `cos_theta`.

    Reference:
        - [Huang et al., 2020](https://arxiv.org/abs/2004.00288)
    """
    is_hard = cos_theta > target
    return ops.where(is_hard, cos_theta * (hardness + cos_theta), cos_theta)
