import keras

from keras_sphereface.contract.arguments import check_flag
from keras_sphereface.heads.hyperparameter import Hyperparameter
from keras_sphereface.heads.margin_head import MarginHead
from keras_sphereface.heads.registry import register
from keras_sphereface.ops import Margin, combined_margin


@register("combined_margin")
@keras.saving.register_keras_serializable(package="keras_sphereface")
class CombinedMarginHead(MarginHead):
    """SphereFace, ArcFace and CosFace in one, `cos(m1 * theta_y + m2) - m3`.

    Args:
        num_classes: int, number of identities.
        angle_factor: float, `m1`, at least 1. Defaults to `1.0`.
        angle_margin: float, `m2`, at least 0, radians. Defaults to `0.3`.
        cosine_margin: float, `m3`, at least 0. Defaults to `0.2`.
        scale: float, above 0; or `"auto"`, which goes by the number of
            classes and is 64 for the 85,742 of MS1M; see `class_scale`.
            Defaults to `"auto"`.
        detach: bool, whether the backward pass sees `cos(theta)` in place of
            the margined value, as in the authors' code. With `False` an angle
            near 180 degrees is a cheap minimum that small sets of people end
            in. Defaults to `True`.
        **kwargs: `sub_centers`, `name` and other arguments of
            `keras.layers.Layer`.

    Call arguments:
        As `MarginHead`.

    Output shape:
        `(batch_size, num_classes)`, logits.

    Reference:
        - [Deng et al., 2019](https://arxiv.org/abs/1801.07698)
    """

    angle_factor = Hyperparameter("multiplies the angle, so it", at_least=1.0)
    angle_margin = Hyperparameter(at_least=0.0)
    cosine_margin = Hyperparameter(at_least=0.0)
    scale = Hyperparameter(above=0.0, is_scale=True)

    def __init__(
        self,
        num_classes,
        angle_factor=1.0,
        angle_margin=0.3,
        cosine_margin=0.2,
        scale="auto",
        detach=True,
        **kwargs,
    ):
        super().__init__(num_classes, **kwargs)
        self.angle_factor = angle_factor
        self.angle_margin = angle_margin
        self.cosine_margin = cosine_margin
        self.scale = scale
        self.detach = check_flag("detach", detach)

    def class_margin(self, norms, training):
        return Margin(
            lambda cos_target: combined_margin(
                cos_target,
                angle_factor=self.angle_factor,
                angle_margin=self.angle_margin,
                cosine_margin=self.cosine_margin,
            ),
            detach=self.detach,
        )

    def get_config(self):
        return {**super().get_config(), "detach": self.detach}
