"""The losses of class logits, and how Keras is given them."""

from typing import Any, NamedTuple

import keras
from keras import ops

from keras_sphereface.backend.gradients import custom_gradient
from keras_sphereface.ops.cosines import leave_out

# Below every logit; far enough above what is left out to count against it.
LOW = -1e30


class SoftmaxLoss(NamedTuple):
    """Cross-entropy of a softmax: the classes compete.

    It is `weight * log(1 + exp(others - z_y))`, with `z_y` the logit of the
    true class and `others = log sum over j != y of exp(z_j)`.

    Attributes:
        weight: float, or scalar tensor. Defaults to `1.0`.
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
        return self.weight * ops.softplus(others - target_logits)

    def from_logits(self, logits, labels, class_weights=None):
        """Loss of each sample from all logits; see `split_logits`."""
        target, others, _ = split_logits(
            logits, labels, is_binary=False, class_weights=class_weights
        )
        return self.from_sums(target, others)

    def from_soft_labels(self, logits, soft_labels):
        """Loss of each sample whose label is shared by classes.

        Args:
            logits: float32, `(batch_size, num_classes)`.
            soft_labels: float32, `(batch_size, num_classes)`, `q`.

        Returns:
            Float32 tensor, `(batch_size,)`, `-weight * sum_j q_j * log p_j`.
        """
        target = ops.sum(soft_labels * logits, axis=1, keepdims=True)
        return self.weight * ops.logsumexp(logits - target, axis=1)


class BinaryLoss(NamedTuple):
    """Sum of binary cross-entropies, one class against the rest.

    It is `weight * (positive_weight * log(1 + exp(-z_y)) + negative_weight *
    others)`, with `others = sum over j != y of log(1 + exp(z_j))`.

    Attributes:
        positive_weight: float, of the true class. Defaults to `1.0`.
        negative_weight: float, of each other class. Defaults to `1.0`.
        weight: float, or scalar tensor. Defaults to `1.0`.
        bias: float, or scalar tensor, which gets a gradient, added to all
            logits: one threshold for all classes. Defaults to `None`, 0.
    """

    positive_weight: Any = 1.0
    negative_weight: Any = 1.0
    weight: Any = 1.0
    bias: Any = None

    is_binary = True

    def from_sums(self, target_logits, others):
        """Loss of each sample from its true logit and the others' sum.

        Args:
            target_logits: float32, `(batch_size,)`.
            others: float32, `(batch_size,)`, sum of softplus of the others.

        Returns:
            Float32 tensor, `(batch_size,)`.
        """
        positive = self.positive_weight * ops.softplus(-target_logits)
        return self.weight * (positive + self.negative_weight * others)

    def from_logits(self, logits, labels, class_weights=None):
        """Loss of each sample from all logits; see `split_logits`."""
        target, others, _ = split_logits(
            logits, labels, is_binary=True, class_weights=class_weights
        )
        return self.from_sums(target, others)

    def from_soft_labels(self, logits, soft_labels):
        """Loss of each sample whose label is shared by classes.

        Args:
            logits: float32, `(batch_size, num_classes)`.
            soft_labels: float32, `(batch_size, num_classes)`, `q`.

        Returns:
            Float32 tensor, `(batch_size,)`: as a class of its own each counts
            `q_j`, as another `1 - q_j`.
        """
        own = self.positive_weight * soft_labels * ops.softplus(-logits)
        rest = self.negative_weight * (1.0 - soft_labels)
        rest = rest * ops.softplus(logits)
        return self.weight * ops.sum(own + rest, axis=1)


def split_logits(logits, labels, *, is_binary, class_weights=None):
    """The logit of the true class, and what the others add up to.

    Args:
        logits: float32 tensor, `(batch_size, num_classes)`.
        labels: int32 tensor, `(batch_size,)`, in `[0, num_classes)`.
        is_binary: bool. As in `sum_others`.
        class_weights: As in `sum_others`.

    Returns:
        Tuple of float32 tensors, `(batch_size,)`: the logits of the true
        classes, and what `sum_others` returns.
    """
    target, others = leave_out(logits, labels)
    return target, *sum_others(
        others, is_binary=is_binary, class_weights=class_weights
    )


def sum_others(logits, *, is_binary, class_weights=None):
    """What the classes add up to, other than the true one.

    The true class is left out of the sum; taken out of the whole sum
    afterward, it would leave nothing but rounding where it dominates.

    Args:
        logits: float32 tensor, `(batch_size, num_classes)`, `ops.LEFT_OUT` at
            the true class.
        is_binary: bool; they add up to the sum of `log(1 + exp(z_j))` if true,
            else to `log sum exp(z_j)`.
        class_weights: float32 tensor, `(num_classes,)`, of the terms of the
            sum. Defaults to `None`, each 1.

    Returns:
        Tuple of float32 tensors, `(batch_size,)`: the sums; the largest
        logits, without a gradient.
    """
    weights = ops.ones((logits.shape[1], 1))
    if class_weights is not None:
        class_weights = ops.convert_to_tensor(class_weights)
        weights = class_weights[:, None]

    def forward(logits):
        largest = ops.maximum(ops.max(logits, axis=1), LOW)
        if is_binary:
            terms = ops.softplus(logits)
        else:
            terms = ops.exp(logits - largest[:, None])
        others = ops.matmul(terms, weights)[:, 0]
        if not is_binary:
            # Nothing adds up where there is no other class.
            others = ops.where(
                others > 0.0,
                largest + ops.log(ops.where(others > 0.0, others, 1.0)),
                LOW,
            )

        def gradient(d_others, d_largest=None):
            if is_binary:
                slopes, share = ops.sigmoid(logits), d_others
            else:
                slopes, share = terms, d_others * ops.exp(largest - others)
            if class_weights is not None:
                slopes = slopes * class_weights
            return (slopes * share[:, None],)

        return (others, largest), gradient

    return custom_gradient(forward)(logits)


@keras.saving.register_keras_serializable(package="keras_sphereface")
class PrecomputedLoss(keras.losses.Loss):
    """Loss values that a head has already computed, reduced by Keras.

    A head works on embeddings and integer labels, which a Keras loss does not
    see (it casts labels to float). So the head computes one value per sample
    and hands it over as `y_pred`; reduction, sample weights and the scaling
    under replicas stay Keras's own. `y_true` is not read.

    Args:
        reduction: As in `keras.losses.Loss`. Defaults to
            `"sum_over_batch_size"`.
        name: Defaults to `"precomputed_loss"`.
        dtype: Defaults to `"float32"` under any policy.
    """

    def __init__(
        self,
        reduction="sum_over_batch_size",
        name="precomputed_loss",
        dtype="float32",
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def call(self, y_true, y_pred):
        return y_pred
