import math

import keras

from keras_sphereface.class_softmax.class_loss import BinaryLoss
from keras_sphereface.contract.arguments import check_number
from keras_sphereface.heads.cosface_head import CosFaceHead
from keras_sphereface.heads.registry import register


@register("uniface")
@keras.saving.register_keras_serializable(package="keras_sphereface")
class UniFaceHead(CosFaceHead):
    """UniFace: one threshold between all positive and all negative pairs.

    The logit is `scale * value - bias`, with the margin of CosFace on the true
    class and one trained bias, and the loss per sample is a sum of binary
    cross-entropies. A cross-entropy of the user's choice in a functional model
    replaces that loss; `FaceRecognizer` uses it.

    Args:
        num_classes: int, number of identities.
        margin: float, `m`, at least 0. Defaults to `0.4`.
        scale: float, above 0; or `"auto"`, which goes by the number of
            classes and is 64 for the 85,742 of MS1M; see `class_scale`.
            Defaults to `"auto"`.
        negative_weight: float, above 0, of the other classes. Defaults to
            `1.0`.
        detach: bool, whether the backward pass sees `cos(theta)` in place of
            the margined value. Defaults to `False`.
        **kwargs: `sub_centers`, `name` and other arguments of
            `keras.layers.Layer`.

    Call arguments:
        As `MarginHead`.

    Output shape:
        `(batch_size, num_classes)`, logits.

    Attributes:
        bias: scalar. It starts at `ln(10 * num_classes)`.

    Reference:
        - Zhou et al., UniFace, ICCV 2023
    """

    def __init__(
        self,
        num_classes,
        margin=0.4,
        scale="auto",
        negative_weight=1.0,
        detach=False,
        **kwargs,
    ):
        super().__init__(
            num_classes, margin=margin, scale=scale, detach=detach, **kwargs
        )
        self.negative_weight = check_number(
            "negative_weight", negative_weight, above=0.0
        )

    def build(self, embeddings_shape, labels_shape=None):
        super().build(embeddings_shape, labels_shape)
        self.bias = self.add_weight(
            name="bias",
            shape=(),
            initializer=keras.initializers.Constant(
                math.log(10.0 * self.num_classes)
            ),
        )

    def class_loss(self):
        return BinaryLoss(
            1.0, self.negative_weight, self.loss_weight, bias=-self.bias
        )

    def get_config(self):
        return {
            **super().get_config(),
            "negative_weight": self.negative_weight,
        }
