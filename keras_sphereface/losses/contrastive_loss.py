import keras
from keras import ops

from keras_sphereface.contract.arguments import check_number
from keras_sphereface.ops import contrastive_losses


@keras.saving.register_keras_serializable(package="keras_sphereface")
class ContrastiveLoss(keras.losses.Loss):
    """Contrastive loss of pairs: near if the same, `margin` apart if not.

    Arguments and value are those of
    `tensorflow_addons.losses.ContrastiveLoss`.

    Args:
        margin: float, above 0, beyond which negative pairs cost nothing.
            Defaults to `1.0`.
        reduction: As in `keras.losses.Loss`. Defaults to
            `"sum_over_batch_size"`.
        name: str. Defaults to `"contrastive_loss"`.
        dtype: Defaults to `"float32"` under any policy.

    Call arguments:
        y_true: `(batch_size,)` or `(batch_size, 1)`, 1 for a pair of one
            person, 0 for two people.
        y_pred: like `y_true`, distances of the pairs.

    Reference:
        - Hadsell, Chopra and LeCun, CVPR 2006
    """

    def __init__(
        self,
        margin=1.0,
        reduction="sum_over_batch_size",
        name="contrastive_loss",
        dtype="float32",
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.margin = check_number("margin", margin, above=0)

    def call(self, y_true, y_pred):
        for name, tensor in (("y_true", y_true), ("y_pred", y_pred)):
            shape = tuple(tensor.shape)
            if len(shape) > 2 or (len(shape) == 2 and shape[1] != 1):
                raise ValueError(
                    f"`{name}` must have one entry per pair, (batch_size,). "
                    f"Received: {name} of shape {shape}"
                )
        return contrastive_losses(
            ops.reshape(y_true, (-1,)),
            ops.reshape(y_pred, (-1,)),
            margin=self.margin,
        )

    def get_config(self):
        return {**super().get_config(), "margin": self.margin}
