from keras_sphereface.class_softmax.class_loss import split_logits
from keras_sphereface.heads.margin_head import MarginHead
from keras_sphereface.heads.true_class import SplitClasses, nearest_class
from keras_sphereface.ops import detach_characteristic


class RowHead(MarginHead):
    """A head whose margin must see the cosines to all classes together.

    So it computes all classes at once: `class_chunk` and `sample_rate` are
    errors. A subclass overrides `row_values` in place of `class_margin`, and
    whatever else a `MarginHead` lets it.

    Args:
        num_classes: int, number of identities.
        **kwargs: As in `MarginHead`, but `class_chunk` and `sample_rate`.

    Attributes:
        detach: bool, set by a subclass, whether the backward pass sees the
            cosines in place of the values. Defaults to `False`.

    Call arguments:
        As `MarginHead`.

    Output shape:
        `(batch_size, num_classes)`, logits.
    """

    detach = False
    fixed_methods = (*MarginHead.fixed_methods, "class_margin")
    hooks = ("row_values", *MarginHead.hooks[1:])

    def __init__(self, num_classes, **kwargs):
        super().__init__(num_classes, **kwargs)
        if not self._sees_parts():
            self._refuse_parts("sees whole rows of cosines and")
        if self.label_smoothing:
            raise ValueError(
                f"`label_smoothing` must be 0: the margin of "
                f"{type(self).__name__} goes by the cosine to one true class. "
                f"Received: label_smoothing={self.label_smoothing}"
            )

    def _sees_parts(self):
        """Whether its own `_split` needs no more than a part of a row."""
        return False

    def row_values(self, cos_theta, labels, norms, training):
        """What stands in place of the cosines. Every such head has its own.

        Args:
            cos_theta: float32, `(batch_size, num_classes)`.
            labels: int32, `(batch_size,)`.
            norms: float32, `(batch_size, 1)`, norms of the embeddings.
            training: bool, whether running statistics move.

        Returns:
            Float32 tensor, `(batch_size, num_classes)`.
        """
        raise TypeError(
            f"{type(self).__name__} is a head without a margin: "
            "override `row_values`."
        )

    def margined_cosines(self, cos_theta, labels, norms, training=False):
        values = self.row_values(cos_theta, labels, norms, training)
        if self.detach:
            values = detach_characteristic(values, cos_theta)
        return values

    def _split_softly(self, unit, norms, labels, soft_labels, training, loss):
        raise ValueError(
            f"{type(self).__name__} takes class indices and no soft labels: "
            "its margin goes by the cosine to one true class. "
            f"Received: soft labels of shape {tuple(soft_labels.shape)}"
        )

    def _split(self, unit, norms, labels, training, loss, has_losses):
        cos_theta = self._cosines(unit)
        values = self.row_values(cos_theta, labels, norms, training)
        scale = self.logit_scale(norms)
        logits = scale * values
        if self.detach:
            logits = detach_characteristic(logits, scale * cos_theta)
        if loss.bias is not None:
            logits = logits + loss.bias
        # A value need not rise with its cosine.
        cos_target, is_nearest = nearest_class(cos_theta, labels)
        if not has_losses:
            return SplitClasses(lambda: logits, cos_target)
        target, others, largest = split_logits(
            logits, labels, is_binary=loss.is_binary
        )
        return SplitClasses(
            lambda: logits,
            cos_target,
            loss.from_sums(target, others),
            is_nearest=is_nearest,
            is_past_margin=target > largest,
        )
