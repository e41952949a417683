import keras

from keras_sphereface.losses.margin_loss import MarginLoss, check_number
from keras_sphereface.ops import (
    apply_target_margin,
    cosface_margin,
)


@keras.saving.register_keras_serializable(package="keras_sphereface")
class CosFaceLoss(MarginLoss):
    """CosFace (AM-Softmax) on plain cosines, `cos(theta_y) - m`.

    Args:
        margin: float, `m`, at least 0. Defaults to `0.35`.
        scale: float, above 0. Defaults to `64.0`.
        detach: bool, whether the backward pass sees `cos(theta)` in place of
            the margined value. Defaults to `False`.
        **kwargs: `loss_weight` (defaults to `1.0`), `reduction`, `name` and
            `dtype`, which is `"float32"` unless given.

    Call arguments:
        As `MarginLoss`.

    Reference:
        - [Wang et al., 2018](https://arxiv.org/abs/1801.09414)
    """

    def __init__(
        self,
        margin=0.35,
        scale=64.0,
        detach=False,
        name="cosface_loss",
        **kwargs,
    ):
        super().__init__(scale, detach, name=name, **kwargs)
        self.margin = check_number("margin", margin, at_least=0.0)

    def margined(self, cos_theta, labels):
        return apply_target_margin(
            cos_theta,
            labels,
            lambda cos_target: cosface_margin(cos_target, margin=self.margin),
            detach=self.detach,
        )

    def get_config(self):
        return {**super().get_config(), "margin": self.margin}
