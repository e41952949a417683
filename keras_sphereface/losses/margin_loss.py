import keras
from keras import ops

from keras_sphereface.backend.values import labels_of_targets
from keras_sphereface.class_softmax import sum_others
from keras_sphereface.heads import MarginHead, RowHead
from keras_sphereface.ops.cosines import logits_of_cosines


@keras.saving.register_keras_serializable(package="keras_sphereface")
class MarginLoss(keras.losses.Loss):
    """The margin and the class loss of a head, on plain cosines.

    For a model that ends in `layers.CosineDense`. It takes any head that
    needs the cosines and nothing else: no norms, no weights of its own.
    `ArcFaceLoss` and the like are this loss of their heads.

    Args:
        head: `MarginHead`, not built. Its `num_classes` is not read.
        reduction: As in `keras.losses.Loss`. Defaults to
            `"sum_over_batch_size"`.
        name: str. Defaults to `"margin_loss"`.
        dtype: Defaults to `"float32"` under any policy; angles need it.

    Call arguments:
        y_true: `(batch_size,)` or `(batch_size, 1)`, class indices; or
            `(batch_size, num_classes)`, one-hot rows.
        y_pred: `(batch_size, num_classes)`, cosines.
        sample_weight: As in `keras.losses.Loss`.

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
        self.head = head

    def call(self, y_true, y_pred):
        if len(y_pred.shape) != 2 or y_pred.shape[1] is None:
            raise ValueError(
                "`y_pred` must be cosines, (batch_size, num_classes), as "
                "layers.CosineDense returns them. "
                f"Received: y_pred of shape {tuple(y_pred.shape)}"
            )
        cos_theta = ops.cast(y_pred, "float32")
        labels = labels_of_targets(y_true, cos_theta.shape[1])
        loss = self.class_loss(cos_theta.shape[1])
        logits, target, _ = logits_of_cosines(
            cos_theta,
            labels,
            margin=self.head.class_margin(None, True),
            scale=self.head.logit_scale(None),
            bias=loss.bias,
            apart=True,
        )
        # Wrong targets that could not raise; see `labels_of_targets`.
        target = ops.where(labels < 0, float("nan"), target)
        others, _ = sum_others(logits, is_binary=loss.is_binary)
        return loss.from_sums(target, others)

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
