import keras

from keras_sphereface.contract.arguments import check_flag, check_number
from keras_sphereface.heads.hyperparameter import Hyperparameter
from keras_sphereface.heads.margin_head import MarginHead
from keras_sphereface.heads.registry import register
from keras_sphereface.ops import (
    Margin,
    arcface_margin,
    magface_angle_margin,
    magface_penalty,
)


@register("magface")
@keras.saving.register_keras_serializable(package="keras_sphereface")
class MagFaceHead(MarginHead):
    """MagFace: ArcFace whose margin grows with the norm of the embedding.

    The norm becomes a measure of quality: easy faces gain by a large norm,
    hard ones do not. The loss adds `norm_penalty_weight * (1 / a + a / u^2)`,
    `a` the norm and `u` the upper one.

    The embedder must not normalize its output. The gradient reaches the norm
    through the margin unless `detach=True`, and through the penalty always.

    Args:
        num_classes: int, number of identities.
        lower_norm: float, above 0, smaller norms count as this. Defaults to
            `10.0`.
        upper_norm: float, above `lower_norm`, larger norms count as this.
            Defaults to `110.0`.
        lower_margin: float, at least 0, radians, at `lower_norm`. Defaults to
            `0.45`.
        upper_margin: float, at least 0, radians, at `upper_norm`; should be
            at least `lower_margin`. Defaults to `0.8`.
        norm_penalty_weight: float, at least 0. Defaults to `35.0`.
        scale: float, above 0; or `"auto"`, which goes by the number of
            classes and is 64 for the 85,742 of MS1M; see `class_scale`.
            Defaults to `"auto"`.
        detach: bool, whether the backward pass sees `cos(theta)` in place of
            the margined value. Defaults to `False`.
        **kwargs: `sub_centers`, `name` and other arguments of
            `keras.layers.Layer`.

    Call arguments:
        As `MarginHead`.

    Output shape:
        `(batch_size, num_classes)`, logits.

    Reference:
        - [Meng et al., 2021](https://arxiv.org/abs/2103.06627)
    """

    lower_margin = Hyperparameter(at_least=0.0)
    upper_margin = Hyperparameter(at_least=0.0)
    norm_penalty_weight = Hyperparameter(at_least=0.0)
    scale = Hyperparameter(above=0.0, is_scale=True)

    def __init__(
        self,
        num_classes,
        lower_norm=10.0,
        upper_norm=110.0,
        lower_margin=0.45,
        upper_margin=0.8,
        norm_penalty_weight=35.0,
        scale="auto",
        detach=False,
        **kwargs,
    ):
        super().__init__(num_classes, **kwargs)
        self.lower_norm = check_number("lower_norm", lower_norm, above=0)
        self.upper_norm = check_number("upper_norm", upper_norm, above=0)
        if self.lower_norm >= self.upper_norm:
            raise ValueError(
                "`lower_norm` must be below `upper_norm`. "
                f"Received: lower_norm={lower_norm}, upper_norm={upper_norm}"
            )
        self.lower_margin = lower_margin
        self.upper_margin = upper_margin
        self.norm_penalty_weight = norm_penalty_weight
        self.scale = scale
        self.detach = check_flag("detach", detach)

    def class_margin(self, norms, training):
        margin = magface_angle_margin(
            norms,
            lower_norm=self.lower_norm,
            upper_norm=self.upper_norm,
            lower_margin=self.lower_margin,
            upper_margin=self.upper_margin,
        )
        return Margin(
            lambda cos_target, margin: arcface_margin(
                cos_target, margin=margin
            ),
            detach=self.detach,
            # The gradient reaches the norm through the margin.
            parameters=(margin,),
        )

    def penalties(self, outputs):
        return self.norm_penalty_weight * magface_penalty(
            outputs.norms,
            lower_norm=self.lower_norm,
            upper_norm=self.upper_norm,
        )

    def get_config(self):
        return {
            **super().get_config(),
            "lower_norm": self.lower_norm,
            "upper_norm": self.upper_norm,
            "detach": self.detach,
        }
