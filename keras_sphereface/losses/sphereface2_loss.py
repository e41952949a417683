import keras

from keras_sphereface.losses.margin_loss import MarginLoss, check_number
from keras_sphereface.ops import (
    check_sphereface2_arguments,
    sphereface2_bias,
    sphereface2_losses,
    sphereface2_margins,
)

# The margins of the paper.
_MARGINS = {"C": 0.4, "A": 0.5, "M": 1.7}


@keras.saving.register_keras_serializable(package="keras_sphereface")
class SphereFace2Loss(MarginLoss):
    """SphereFace2 on plain cosines: a binary classifier a class.

    As `heads.SphereFace2Head`, but for the bias: a loss has no weights to
    train, so the bias stays where the head's starts, which balances positives
    and negatives at 90°, unless another is given.

    Args:
        variant: `"C"`, `"A"` or `"M"`, where the margin is. Defaults to `"C"`.
        margin: float, at least 0, at least 1 for `"M"`. Defaults to that of
            the paper: 0.4 for `"C"`, 0.5 for `"A"`, 1.7 for `"M"`.
        scale: float, above 0. Defaults to `40.0`.
        power: float, at least 1. Defaults to `3.0`.
        positive_weight: float in `(0, 1)`, of the true class. Defaults to
            `0.7`.
        bias: float. Defaults to `None`, the balanced one.
        detach: bool, whether the backward pass sees `cos(theta)` in place of
            the value. Defaults to `True`.
        loss_weight: float, above 0. Defaults to `50.0`.
        **kwargs: `reduction`, `name` and `dtype`, which is `"float32"` unless
            given.

    Call arguments:
        As `MarginLoss`.

    Reference:
        - [Wen et al., 2022](https://arxiv.org/abs/2108.01513)
    """

    def __init__(
        self,
        variant="C",
        margin=None,
        scale=40.0,
        power=3.0,
        positive_weight=0.7,
        bias=None,
        detach=True,
        loss_weight=50.0,
        name="sphereface2_loss",
        **kwargs,
    ):
        super().__init__(scale, detach, loss_weight, name=name, **kwargs)
        check_sphereface2_arguments(None, variant, power, positive_weight)
        self.variant = variant
        self.margin = check_number(
            "margin",
            _MARGINS[variant] if margin is None else margin,
            at_least=1.0 if variant == "M" else 0.0,
        )
        self.power = power
        self.positive_weight = positive_weight
        self.bias = bias

    def margined(self, cos_theta, labels):
        return sphereface2_margins(
            cos_theta,
            labels,
            variant=self.variant,
            margin=self.margin,
            power=self.power,
            detach=self.detach,
        )

    def sample_losses(self, margined, labels):
        bias = self.bias
        if bias is None:
            bias = sphereface2_bias(
                margined.shape[1],
                variant=self.variant,
                margin=self.margin,
                scale=self.scale,
                power=self.power,
                positive_weight=self.positive_weight,
            )
        return self.loss_weight * sphereface2_losses(
            self.scale * margined + bias,
            labels,
            scale=self.scale,
            positive_weight=self.positive_weight,
        )

    def get_config(self):
        return {
            **super().get_config(),
            "variant": self.variant,
            "margin": self.margin,
            "power": self.power,
            "positive_weight": self.positive_weight,
            "bias": self.bias,
        }
