"""A softmax loss that compares a sample with all of its batch."""

from typing import Any, NamedTuple

from keras import ops

from keras_sphereface.backend.replicas import gather_rows
from keras_sphereface.class_softmax.class_loss import SoftmaxLoss


class GlobalLoss(NamedTuple):
    """Cross-entropy in which the logits of a whole batch compete.

    With `t_i` the logit of the true class of sample `i` and `o_i` the `log sum
    exp` of its others, it is `weight / 2` times the sum of `log(1 + sum over k
    of exp(o_k) / exp(t_i))`, where the own true class is to be above the other
    classes of every sample, and `log(1 + exp(o_i) * sum over k of exp(-t_k))`,
    where the own other classes are to be below the true class of every sample.
    In a batch of one both are the cross-entropy of a softmax. Under
    `tf.distribute` the batch is the global one.

    Attributes:
        weight: float, or scalar tensor. Defaults to `1.0`.

    Reference:
        - [Zhao et al., 2025](https://doi.org/10.1109/TIP.2025.3546481), its
            abstract
    """

    weight: Any = 1.0

    is_binary = False
    bias = None  # it would change nothing

    def from_sums(self, target_logits, others):
        """Loss of each sample from its true logit and the others' sum.

        Args:
            target_logits: float32, `(batch_size,)`.
            others: float32, `(batch_size,)`, `log sum exp` of the others.

        Returns:
            Float32 tensor, `(batch_size,)`.
        """
        every_other = ops.logsumexp(gather_rows(others))
        every_target = ops.logsumexp(gather_rows(-target_logits))
        above = ops.softplus(every_other - target_logits)
        below = ops.softplus(others + every_target)
        return 0.5 * self.weight * (above + below)

    from_logits = SoftmaxLoss.from_logits

    def from_soft_labels(self, logits, soft_labels):
        """Refused: a sample is compared by its one true class."""
        raise ValueError(
            "`labels` must be class indices: the true class of a sample is "
            "compared with those of its batch. Received: soft labels of shape "
            f"{tuple(soft_labels.shape)}"
        )
