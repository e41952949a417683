import keras

from keras_sphereface.losses.margin_loss import MarginLoss, check_number
from keras_sphereface.ops import (
    apply_target_margin,
    sphereface_margin,
)


@keras.saving.register_keras_serializable(package="keras_sphereface")
class SphereFaceLoss(MarginLoss):
    """SphereFace on plain cosines, `(-1)^k cos(m * theta_y) - 2k`.

    Any real margin; `k = floor(m * theta_y / pi)`. With `detach=True` the
    gradient is not that of the forward formula.

    Args:
        margin: float, `m`, at least 1; 1 is no margin. Defaults to `1.5`.
        scale: float, above 0. Defaults to `30.0`.
        detach: bool, whether the backward pass sees `cos(theta)` in place of
            the margined value. Defaults to `True`.
        **kwargs: `loss_weight` (defaults to `1.0`), `reduction`, `name` and
            `dtype`, which is `"float32"` unless given.

    Call arguments:
        As `MarginLoss`.

    Reference:
        - [Liu et al., 2017](https://arxiv.org/abs/1704.08063)
    """

    def __init__(
        self,
        margin=1.5,
        scale=30.0,
        detach=True,
        name="sphereface_loss",
        **kwargs,
    ):
        super().__init__(scale, detach, name=name, **kwargs)
        self.margin = check_number("margin", margin, at_least=1.0)

    def margined(self, cos_theta, labels):
        return apply_target_margin(
            cos_theta,
            labels,
            lambda cos_target: sphereface_margin(
                cos_target, margin=self.margin
            ),
            detach=self.detach,
        )

    def get_config(self):
        return {**super().get_config(), "margin": self.margin}
