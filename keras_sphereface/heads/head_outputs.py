from collections.abc import Callable
from typing import Any, NamedTuple


class HeadOutputs(NamedTuple):
    """What a head makes of one batch.

    Attributes:
        norms: float32, `(batch_size,)`, norms of the embeddings.
        labels: int32, `(batch_size,)`, checked; of soft labels the classes
            that count most.
        cosines: callable without arguments to the value of `cos_theta`.
        cos_target: float32, `(batch_size,)`, plain cosines to the true class,
            without a gradient.
        all_logits: callable without arguments to the value of `logits`, or
            `None`.
        is_nearest: bool, `(batch_size,)`, whether the true class is nearer
            than every other by plain cosine, of those sampled if classes are.
            Another that is as near counts against it.
        is_past_margin: bool, `(batch_size,)`, whether the logit of the true
            class, margin and all, is larger than every other.
        losses: float32, `(batch_size,)`, penalties among them.
        penalties: float32, `(batch_size,)`, what the head adds to the loss of
            its classes, or `None`.
        soft_labels: float32, `(batch_size, num_classes)`, where labels are
            soft or smoothed, or `None`.
        unit: float32, `(batch_size, embedding_dim)`, embeddings of norm 1.
        training: bool, whether this is a step of training.
    """

    norms: Any
    labels: Any
    cosines: Callable
    cos_target: Any
    all_logits: Callable | None = None
    is_nearest: Any = None
    is_past_margin: Any = None
    losses: Any = None
    penalties: Any = None
    soft_labels: Any = None
    unit: Any = None
    training: bool = False

    @property
    def cos_theta(self):
        """Plain cosines to all classes, `(batch_size, num_classes)`.

        Computed when it is asked for, whether or not the head computes its
        classes in chunks: it takes the memory of all of them.
        """
        return self.cosines()

    @property
    def logits(self):
        """Margined and scaled, `(batch_size, num_classes)`.

        `None` from a head that does not compute all classes at once.
        """
        return None if self.all_logits is None else self.all_logits()
