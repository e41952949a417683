import keras

from keras_sphereface.losses.margin_loss import MarginLoss, check_number
from keras_sphereface.ops import (
    apply_target_margin,
    combined_margin,
)


@keras.saving.register_keras_serializable(package="keras_sphereface")
class CombinedMarginLoss(MarginLoss):
    """SphereFace, ArcFace and CosFace in one, on plain cosines.

    The target value is `cos(m1 * theta_y + m2) - m3`.

    Args:
        angle_factor: float, `m1`, at least 1. Defaults to `1.0`.
        angle_margin: float, `m2`, at least 0, radians. Defaults to `0.3`.
        cosine_margin: float, `m3`, at least 0. Defaults to `0.2`.
        scale: float, above 0. Defaults to `64.0`.
        detach: bool, whether the backward pass sees `cos(theta)` in place of
            the margined value. Defaults to `False`.
        **kwargs: `loss_weight` (defaults to `1.0`), `reduction`, `name` and
            `dtype`, which is `"float32"` unless given.

    Call arguments:
        As `MarginLoss`.

    Reference:
        - [Deng et al., 2019](https://arxiv.org/abs/1801.07698)
    """

    def __init__(
        self,
        angle_factor=1.0,
        angle_margin=0.3,
        cosine_margin=0.2,
        scale=64.0,
        detach=False,
        name="combined_margin_loss",
        **kwargs,
    ):
        super().__init__(scale, detach, name=name, **kwargs)
        self.angle_factor = check_number(
            "angle_factor", angle_factor, at_least=1.0
        )
        self.angle_margin = check_number(
            "angle_margin", angle_margin, at_least=0.0
        )
        self.cosine_margin = check_number(
            "cosine_margin", cosine_margin, at_least=0.0
        )

    def margined(self, cos_theta, labels):
        return apply_target_margin(
            cos_theta,
            labels,
            lambda cos_target: combined_margin(
                cos_target,
                angle_factor=self.angle_factor,
                angle_margin=self.angle_margin,
                cosine_margin=self.cosine_margin,
            ),
            detach=self.detach,
        )

    def get_config(self):
        return {
            **super().get_config(),
            "angle_factor": self.angle_factor,
            "angle_margin": self.angle_margin,
            "cosine_margin": self.cosine_margin,
        }
