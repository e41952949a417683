import keras

from keras_sphereface.losses.margin_loss import MarginLoss, check_number
from keras_sphereface.ops import (
    spherefacer_margins,
)

_VARIANTS = ("v0", "v1", "v2")


@keras.saving.register_keras_serializable(package="keras_sphereface")
class SphereFaceRLoss(MarginLoss):
    """SphereFace-R with hard normalisation, on plain cosines.

    The loss of a sample is `loss_weight / scale * CE(scale * phi)`, with
    `phi` as in `heads.SphereFaceRHead`. The other normalisations need the
    norms of the embeddings, which cosines have lost: use the head for them.

    With `detach=True` the gradient is not that of the forward formula: the
    backward pass sees `cos(theta)` in place of `phi`.

    Args:
        variant: `"v0"`, `"v1"` or `"v2"`. Defaults to `"v2"`.
        margin: float, angle multiplier, at least 1; 1 is no margin. Defaults
            to `1.4`.
        scale: float, above 0, the logit scale. Defaults to `60.0`.
        detach: bool, whether the gradient is detached. Defaults to `True`.
        loss_weight: float, above 0. Defaults to `50.0`.
        **kwargs: `reduction`, `name` and `dtype` of `keras.losses.Loss`;
            `dtype` is `"float32"` unless given.

    Call arguments:
        y_true: `(batch_size,)` or `(batch_size, 1)`, class indices; or
            `(batch_size, num_classes)`, one-hot rows.
        y_pred: `(batch_size, num_classes)`, cosines.

    Example:

    ```python
    model = keras.Sequential([embedder, layers.CosineDense(10572)])
    model.compile("sgd", loss=SphereFaceRLoss(margin=1.4, scale=60.0))
    model.fit(images, labels)
    ```

    Reference:
        - [Liu et al., 2022](https://arxiv.org/abs/2109.05565)
    """

    def __init__(
        self,
        variant="v2",
        margin=1.4,
        scale=60.0,
        detach=True,
        loss_weight=50.0,
        name="spherefacer_loss",
        **kwargs,
    ):
        super().__init__(scale, detach, loss_weight, name=name, **kwargs)
        if variant not in _VARIANTS:
            raise ValueError(
                f"`variant` must be one of {list(_VARIANTS)}. "
                f"Received: variant={variant!r}"
            )
        self.variant = variant
        self.margin = check_number("margin", margin, at_least=1.0)

    def margined(self, cos_theta, labels):
        return spherefacer_margins(
            cos_theta,
            labels,
            variant=self.variant,
            margin=self.margin,
            detach=self.detach,
        )

    def sample_losses(self, margined, labels):
        return super().sample_losses(margined, labels) / self.scale

    def get_config(self):
        return {
            **super().get_config(),
            "variant": self.variant,
            "margin": self.margin,
        }
