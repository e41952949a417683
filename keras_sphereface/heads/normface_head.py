import keras

from keras_sphereface.heads.hyperparameter import Hyperparameter
from keras_sphereface.heads.margin_head import MarginHead
from keras_sphereface.heads.registry import register
from keras_sphereface.ops import Margin


@register("normface")
@register("cocoloss")
@keras.saving.register_keras_serializable(package="keras_sphereface")
class NormFaceHead(MarginHead):
    """NormFace (CocoLoss): a softmax over scaled cosines, without a margin.

    The baseline that every margin is measured against, and a good start for
    training that a margin then sharpens.

    Args:
        num_classes: int, number of identities.
        scale: float, above 0; or `"auto"`; see `class_scale`. Defaults to
            `30.0`.
        **kwargs: `sub_centers`, `name` and other arguments of
            `keras.layers.Layer`.

    Call arguments:
        As `MarginHead`.

    Output shape:
        `(batch_size, num_classes)`, logits.

    Reference:
        - [Wang et al., 2017](https://arxiv.org/abs/1704.06369)
        - [Liu et al., 2017](https://arxiv.org/abs/1710.00870)
    """

    scale = Hyperparameter(above=0.0, is_scale=True)

    def __init__(self, num_classes, scale=30.0, **kwargs):
        super().__init__(num_classes, **kwargs)
        self.scale = scale

    def class_margin(self, norms, training):
        return Margin()
