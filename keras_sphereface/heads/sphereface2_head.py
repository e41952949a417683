import keras

from keras_sphereface.class_softmax.class_loss import BinaryLoss
from keras_sphereface.contract.arguments import (
    check_choice,
    check_flag,
    check_number,
)
from keras_sphereface.heads.hyperparameter import Hyperparameter
from keras_sphereface.heads.margin_head import MarginHead
from keras_sphereface.heads.registry import register
from keras_sphereface.ops import sphereface2_bias, sphereface2_margin

# The margins of the paper.
_MARGINS = {"C": 0.4, "A": 0.5, "M": 1.7}


@register("sphereface2")
@keras.saving.register_keras_serializable(package="keras_sphereface")
class SphereFace2Head(MarginHead):
    """SphereFace2: a binary classifier per class instead of one softmax.

    Classes do not compete, which suits verification, noisy labels and very
    many classes. The margin is on similarities `g(z) = 2 ((z + 1) / 2)^t - 1`:

    | `variant` | true class | every other class |
    |---|---|---|
    | `"C"` | `g(cos(theta_y)) - m` | `g(cos(theta_j)) + m` |
    | `"A"` | `g(cos(min(theta_y + m, pi)))` | `g(cos(theta_j))` |
    | `"M"` | `g(cos(min(m * theta_y, pi)))` | `g(cos(theta_j))` |

    The logit is `scale * value + bias`, with one trained bias for all classes,
    and the loss per sample the weighted sum of its binary cross-entropies
    times `loss_weight / scale`. A cross-entropy of the user's choice in a
    functional model replaces that loss; `FaceRecognizer` uses it.

    With `detach=True` the gradient is not that of the forward formula: the
    backward pass sees `cos(theta)` in place of the value.

    Args:
        num_classes: int, number of identities, at least 2.
        variant: `"C"`, `"A"` or `"M"`. Defaults to `"C"`.
        margin: float, `m`, at least 0, at least 1 for `"M"`. Defaults to that
            of the paper: 0.4 for `"C"`, 0.5 for `"A"`, 1.7 for `"M"`.
        scale: float, above 0. Defaults to `40.0`.
        power: float, `t`, at least 1. Defaults to `3.0`.
        positive_weight: float in `(0, 1)`, of the true class. Defaults to
            `0.7`.
        detach: bool, whether the gradient is detached. Defaults to `True`.
        loss_weight: float, above 0. Defaults to `50.0`.
        **kwargs: `sub_centers`, `name` and other arguments of
            `keras.layers.Layer`.

    Attributes:
        bias: scalar. It starts where positives and negatives pull equally hard
            at 90°.

    Call arguments:
        As `MarginHead`.

    Output shape:
        `(batch_size, num_classes)`, logits.

    Reference:
        - [Wen et al., 2022](https://arxiv.org/abs/2108.01513)
    """

    margin = Hyperparameter(
        at_least=lambda head: 1.0 if head.variant == "M" else 0.0
    )
    scale = Hyperparameter(above=0.0)

    def __init__(
        self,
        num_classes,
        variant="C",
        margin=None,
        scale=40.0,
        power=3.0,
        positive_weight=0.7,
        detach=True,
        loss_weight=50.0,
        **kwargs,
    ):
        super().__init__(num_classes, loss_weight=loss_weight, **kwargs)
        if num_classes < 2:
            raise ValueError(
                "`num_classes` must be at least 2: SphereFace2 balances a "
                "class against the others. "
                f"Received: num_classes={num_classes}"
            )
        check_choice("variant", variant, _MARGINS)
        self.variant = variant
        self.margin = _MARGINS[variant] if margin is None else margin
        self.scale = scale
        self.power = check_number("power", power, at_least=1.0)
        self.positive_weight = check_number(
            "positive_weight", positive_weight, above=0.0, below=1.0
        )
        self.detach = check_flag("detach", detach)

    def build(self, embeddings_shape, labels_shape=None):
        super().build(embeddings_shape, labels_shape)
        self.bias = self.add_weight(
            name="bias",
            shape=(),
            initializer=keras.initializers.Constant(
                self.balanced_bias(self.num_classes)
            ),
        )

    def balanced_bias(self, num_classes):
        """Bias at which positives and negatives pull equally hard at 90°."""
        return sphereface2_bias(
            num_classes,
            variant=self.variant,
            margin=self.margin,
            scale=self.scale,
            power=self.power,
            positive_weight=self.positive_weight,
        )

    @property
    def needs_only_cosines(self):
        # A loss takes the bias that the head starts with.
        return True

    def class_margin(self, norms, training):
        return sphereface2_margin(
            variant=self.variant,
            margin=self.margin,
            power=self.power,
            detach=self.detach,
        )

    def class_loss(self):
        return BinaryLoss(
            self.positive_weight,
            1.0 - self.positive_weight,
            self.loss_weight / self.scale,
            # The head of a loss has no weights.
            self.bias if self.built else None,
        )

    def get_config(self):
        return {
            **super().get_config(),
            "variant": self.variant,
            "power": self.power,
            "positive_weight": self.positive_weight,
            "detach": self.detach,
        }
