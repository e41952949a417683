import keras

from keras_sphereface.losses.margin_loss import MarginLoss


@keras.saving.register_keras_serializable(package="keras_sphereface")
class NormFaceLoss(MarginLoss):
    """NormFace (CocoLoss) on plain cosines: a softmax without a margin.

    Args:
        scale: float, above 0. Defaults to `30.0`.
        **kwargs: `loss_weight` (defaults to `1.0`), `reduction`, `name` and
            `dtype`, which is `"float32"` unless given.

    Call arguments:
        As `MarginLoss`.

    Reference:
        - [Wang et al., 2017](https://arxiv.org/abs/1704.06369)
    """

    def __init__(self, scale=30.0, name="normface_loss", **kwargs):
        super().__init__(scale, name=name, **kwargs)

    def margined(self, cos_theta, labels):
        return cos_theta

    def get_config(self):
        config = super().get_config()
        del config["detach"]
        return config
