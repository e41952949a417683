import functools

import keras

from keras_sphereface.contract.arguments import check_flag
from keras_sphereface.heads.hyperparameter import Hyperparameter
from keras_sphereface.heads.margin_head import MarginHead
from keras_sphereface.heads.registry import register
from keras_sphereface.ops import Margin, cosface_margin


@register("cosface")
@keras.saving.register_keras_serializable(package="keras_sphereface")
class CosFaceHead(MarginHead):
    """CosFace (AM-Softmax): a margin on the cosine, `cos(theta_y) - m`.

    The least delicate of the margins: no angle is computed, every sample gets
    the same push.

    Args:
        num_classes: int, number of identities.
        margin: float, `m`, at least 0. Defaults to `0.35`.
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
        - [Wang et al., 2018](https://arxiv.org/abs/1801.09414)
        - [Wang et al., 2018](https://arxiv.org/abs/1801.05599)
    """

    margin = Hyperparameter(at_least=0.0)
    scale = Hyperparameter(above=0.0, is_scale=True)

    def __init__(
        self, num_classes, margin=0.35, scale="auto", detach=False, **kwargs
    ):
        super().__init__(num_classes, **kwargs)
        self.margin = margin
        self.scale = scale
        self.detach = check_flag("detach", detach)

    def class_margin(self, norms, training):
        value = functools.partial(cosface_margin, margin=self.margin)
        return Margin(value, detach=self.detach)

    def get_config(self):
        return {**super().get_config(), "detach": self.detach}
