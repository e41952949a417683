import functools
import math

import keras

from keras_sphereface.contract.arguments import check_flag
from keras_sphereface.heads.hyperparameter import Hyperparameter
from keras_sphereface.heads.margin_head import MarginHead
from keras_sphereface.heads.registry import register
from keras_sphereface.ops import Margin, arcface_margin


@register("arcface")
@keras.saving.register_keras_serializable(package="keras_sphereface")
class ArcFaceHead(MarginHead):
    """ArcFace: a margin on the angle, `cos(theta_y + m)`.

    Past `theta = pi - m` the value goes on falling as `-2 - cos(theta + m)`.

    Args:
        num_classes: int, number of identities.
        margin: float, `m`, in `[0, pi)`, radians. Defaults to `0.5`.
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

    margin = Hyperparameter("is an angle, so it", at_least=0.0, below=math.pi)
    scale = Hyperparameter(above=0.0, is_scale=True)

    def __init__(
        self, num_classes, margin=0.5, scale="auto", detach=True, **kwargs
    ):
        super().__init__(num_classes, **kwargs)
        self.margin = margin
        self.scale = scale
        self.detach = check_flag("detach", detach)

    def class_margin(self, norms, training):
        value = functools.partial(arcface_margin, margin=self.margin)
        return Margin(value, detach=self.detach)

    def get_config(self):
        return {**super().get_config(), "detach": self.detach}
