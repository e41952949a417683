from typing import Any, NamedTuple

from keras import ops

from keras_sphereface.ops import (
    target_cosines,
)


class HeadOutputs(NamedTuple):
    """What a head makes of one batch, class by class.

    Attributes:
        logits: float32, `(batch_size, num_classes)`, margined and scaled.
        cos_theta: float32, `(batch_size, num_classes)`, plain cosines.
        norms: float32, `(batch_size,)`, norms of the embeddings.
        labels: int32, `(batch_size,)`, checked.
    """

    logits: Any
    cos_theta: Any
    norms: Any
    labels: Any

    def cos_target(self):
        """Cosines to the true classes, float32, `(batch_size,)`."""
        return target_cosines(self.cos_theta, self.labels)[:, 0]

    def is_nearest(self):
        """Whether the true centre is the first of the nearest, bool."""
        nearest = ops.argmax(self.cos_theta, axis=-1)
        return ops.equal(ops.cast(nearest, "int32"), self.labels)


class HeadLosses(NamedTuple):
    """What a head makes of one batch, sample by sample.

    Attributes:
        losses: float32, `(batch_size,)`, penalties among them.
        cos_target: float32, `(batch_size,)`, plain cosines to the true class.
        is_nearest: bool, `(batch_size,)`, whether the true class is the
            nearest by plain cosine; of those sampled, if classes are. One as
            near counts against it, without chunks only if it comes before.
        norms: float32, `(batch_size,)`, norms of the embeddings.
        labels: int32, `(batch_size,)`, checked.
    """

    losses: Any
    cos_target: Any
    is_nearest: Any
    norms: Any
    labels: Any
