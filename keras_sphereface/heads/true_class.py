"""The true class of each sample apart from the others."""

from typing import Any, NamedTuple

from keras import ops

from keras_sphereface.ops.cosines import leave_out


class SplitClasses(NamedTuple):
    """The true class of each sample apart from the others.

    Attributes:
        all_logits: callable to the logits of all classes, or `None`.
        cos_target: float32, `(batch_size, 1)`.
        losses: float32, `(batch_size,)`, of the classes alone.
        is_nearest: bool, `(batch_size,)`.
        is_past_margin: bool, `(batch_size,)`.
    """

    all_logits: Any
    cos_target: Any
    losses: Any = None
    is_nearest: Any = None
    is_past_margin: Any = None


def nearest_class(values, labels):
    """Whether the true class is above every other.

    Args:
        values: float32 tensor, `(batch_size, num_classes)`, cosines or logits.
        labels: int32 tensor, `(batch_size,)`.

    Returns:
        Tuple of the values of the true classes, `(batch_size, 1)`; bool tensor,
        `(batch_size,)`. Another value that is as high counts against it.
    """
    own, others = leave_out(values, labels)
    return own[:, None], own - ops.max(others, axis=1) > 1e-6
