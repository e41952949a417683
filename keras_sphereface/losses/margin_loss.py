import keras
from keras import ops

from keras_sphereface.backend import (
    labels_of_targets,
)


class MarginLoss(keras.losses.Loss):
    """Cross-entropy on plain cosines with a margin; the subclass is the margin.

    For a model that ends in `layers.CosineDense`. A subclass overrides
    `margined`, and where it differs `sample_losses`.

    Args:
        scale: float, above 0, what margined cosines are multiplied by.
        detach: bool, whether the backward pass sees the cosines in place of
            the margined values. Defaults to `False`.
        loss_weight: float, above 0, what the cross-entropy is multiplied by.
            Defaults to `1.0`.
        reduction: As in `keras.losses.Loss`. Defaults to
            `"sum_over_batch_size"`.
        name: str.
        dtype: Defaults to `"float32"` under any policy; angles need it.

    Call arguments:
        y_true: `(batch_size,)` or `(batch_size, 1)`, class indices; or
            `(batch_size, num_classes)`, one-hot rows.
        y_pred: `(batch_size, num_classes)`, cosines.
        sample_weight: As in `keras.losses.Loss`.
    """

    def __init__(
        self,
        scale,
        detach=False,
        loss_weight=1.0,
        reduction="sum_over_batch_size",
        name=None,
        dtype="float32",
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.scale = check_number("scale", scale, above=0.0)
        self.detach = detach
        self.loss_weight = check_number("loss_weight", loss_weight, above=0.0)

    def call(self, y_true, y_pred):
        if len(y_pred.shape) != 2 or y_pred.shape[1] is None:
            raise ValueError(
                "`y_pred` must be cosines, (batch_size, num_classes), as "
                "layers.CosineDense returns them. "
                f"Received: y_pred of shape {tuple(y_pred.shape)}"
            )
        cos_theta = ops.cast(y_pred, "float32")
        labels = labels_of_targets(y_true, cos_theta.shape[1])
        return self.sample_losses(self.margined(cos_theta, labels), labels)

    def margined(self, cos_theta, labels):
        """Cosines with the margin in place.

        Args:
            cos_theta: float32, `(batch_size, num_classes)`.
            labels: int32, `(batch_size,)`.

        Returns:
            Float32 tensor, `(batch_size, num_classes)`.
        """
        raise TypeError(
            f"{type(self).__name__} is a loss without a margin: "
            "override `margined`."
        )

    def sample_losses(self, margined, labels):
        """Loss of each sample.

        Args:
            margined: float32, `(batch_size, num_classes)`, of `margined`.
            labels: int32, `(batch_size,)`.

        Returns:
            Float32 tensor, `(batch_size,)`.
        """
        return self.loss_weight * ops.sparse_categorical_crossentropy(
            labels, self.scale * margined, from_logits=True
        )

    def get_config(self):
        return {
            **super().get_config(),
            "scale": self.scale,
            "detach": self.detach,
            "loss_weight": self.loss_weight,
            "dtype": self.dtype,
        }


def check_number(name, value, *, at_least=None, above=None, below=None):
    """`value`, or a `ValueError` that names it and its bounds.

    Args:
        name: str, of the argument.
        value: float.
        at_least: float. Defaults to `None`, no bound.
        above: float. Defaults to `None`, no bound.
        below: float. Defaults to `None`, no bound.

    Returns:
        `value`.
    """
    bounds = [
        (f"at least {at_least}", at_least is None or value >= at_least),
        (f"above {above}", above is None or value > above),
        (f"below {below}", below is None or value < below),
    ]
    if not all(holds for _, holds in bounds):
        given = (at_least, above, below)
        expected = " and ".join(
            text
            for (text, _), bound in zip(bounds, given, strict=True)
            if bound is not None
        )
        raise ValueError(
            f"`{name}` must be {expected}. Received: {name}={value}"
        )
    return value
