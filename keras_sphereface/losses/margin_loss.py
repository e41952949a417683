import keras
from keras import ops

from keras_sphereface.backend.values import check_labels, checked
from keras_sphereface.class_softmax import sum_others
from keras_sphereface.heads import MarginHead, RowHead
from keras_sphereface.ops import (
    logits_of_cosines,
    smooth_labels,
    soft_label_logits,
)


@keras.saving.register_keras_serializable(package="keras_sphereface")
class MarginLoss(keras.losses.Loss):
    """The margin and the class loss of a head, on plain cosines.

    For a model that ends in `layers.CosineDense`. It takes any head that
    needs the cosines and nothing else: no norms, no weights of its own.
    `ArcFaceLoss` and the like are this loss of their heads.

    Args:
        head: `MarginHead`, not built. Its `num_classes` becomes that of the
            cosines. It has no schedules: a loss counts no steps.
        reduction: As in `keras.losses.Loss`. Defaults to
            `"sum_over_batch_size"`.
        name: str. Defaults to `"margin_loss"`.
        dtype: Defaults to `"float32"` under any policy; angles need it.

    Call arguments:
        y_true: `(batch_size,)` or `(batch_size, 1)`, class indices; or
            `(batch_size, num_classes)`, one-hot or soft labels.
        y_pred: `(batch_size, num_classes)`, cosines.
        sample_weight: As in `keras.losses.Loss`.

    Raises:
        ValueError: if `y_pred` holds other numbers than cosines, as those of a
            plain `Dense`. A step that XLA compiles cannot raise and has a loss
            of NaN instead.

    Example:

    ```python
    head = TargetMarginHead(2, linear_margin, margin=0.3, scale=30.0)
    model = keras.Sequential([embedder, CosineDense(num_classes=10572)])
    model.compile("sgd", loss=MarginLoss(head))
    ```
    """

    def __init__(
        self,
        head,
        reduction="sum_over_batch_size",
        name="margin_loss",
        dtype="float32",
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        if not isinstance(head, MarginHead) or isinstance(head, RowHead):
            raise ValueError(
                "`head` must be a MarginHead whose margin looks at one cosine "
                f"at a time. Received: head={head!r}"
            )
        if not head.needs_only_cosines:
            raise ValueError(
                "`head` must need the cosines and nothing else, neither norms "
                "nor weights of its own; train with the head itself. "
                f"Received: head={head!r}"
            )
        for name, hyperparameter in head.hyperparameters().items():
            if hyperparameter.is_scheduled(head):
                raise ValueError(
                    f"`{name}` must be a number: a loss counts no steps, by "
                    "which a schedule goes; train with the head itself. "
                    f"Received: {name}={hyperparameter.initial(head)}"
                )
        self.head = head

    def call(self, y_true, y_pred):
        if len(y_pred.shape) != 2 or y_pred.shape[1] is None:
            raise ValueError(
                "`y_pred` must be cosines, (batch_size, num_classes), as "
                "layers.CosineDense returns them. "
                f"Received: y_pred of shape {tuple(y_pred.shape)}"
            )
        cos_theta = ops.cast(y_pred, "float32")
        num_classes = self.head.num_classes = cos_theta.shape[1]
        labels, soft_labels = check_labels(
            y_true, num_classes, "y_true", takes_floats=True
        )
        labels = self._check_cosines(cos_theta, labels)
        smoothing = self.head.label_smoothing
        if smoothing:
            soft_labels = smooth_labels(
                labels if soft_labels is None else soft_labels,
                num_classes,
                smoothing,
            )
        loss = self.class_loss(num_classes)
        formula = {
            "margin": self.head.class_margin(None, True),
            "scale": self.head.logit_scale(None),
            "bias": loss.bias,
        }
        if soft_labels is None:
            logits, target, _ = logits_of_cosines(
                cos_theta, labels, apart=True, **formula
            )
            others, _ = sum_others(logits, is_binary=loss.is_binary)
            losses = loss.from_sums(target, others)
        else:
            logits = soft_label_logits(cos_theta, soft_labels, **formula)
            losses = loss.from_soft_labels(logits, soft_labels)
        # Where a wrong label could not raise.
        return ops.where(labels < 0, float("nan"), losses)

    def _check_cosines(self, cos_theta, labels):
        """The labels, if the first row is one of cosines: -1 where not."""
        # NaN passes: it is a loss that diverged, and stays one.
        is_wrong = ops.abs(cos_theta[0]) > 1.001
        labels = ops.where(ops.any(is_wrong), -1, labels)
        return checked(
            labels,
            cos_theta[0],
            is_wrong,
            "`y_pred` must be cosines, in [-1, 1], as layers.CosineDense "
            "returns them.",
        )

    def class_loss(self, num_classes):
        """The loss of the logits, as `MarginHead.class_loss` gives it."""
        return self.head.class_loss()

    def get_config(self):
        return {
            **super().get_config(),
            "head": keras.saving.serialize_keras_object(self.head),
            "dtype": self.dtype,
        }

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        config["head"] = keras.saving.deserialize_keras_object(config["head"])
        return cls(**config)
