import functools

import keras

from keras_sphereface.contract.arguments import check_flag
from keras_sphereface.heads.hyperparameter import Hyperparameter
from keras_sphereface.heads.margin_head import MarginHead
from keras_sphereface.heads.registry import register
from keras_sphereface.ops import Margin, sphereface_margin


@register("sphereface")
@keras.saving.register_keras_serializable(package="keras_sphereface")
class SphereFaceHead(MarginHead):
    """SphereFace: the angle to the true class multiplied, any real margin.

    The target value is `(-1)^k cos(m * theta_y) - 2k`, `k = floor(m * theta_y
    / pi)`, on normalized embeddings. With `detach=True` the gradient is not
    that of the forward formula: the backward pass sees `cos(theta)`, which
    makes the large margins trainable.

    Args:
        num_classes: int, number of identities.
        margin: float, `m`, at least 1; 1 means no margin. Defaults to `1.5`.
        scale: float, above 0; or `"auto"`; see `class_scale`. Defaults to
            `30.0`.
        detach: bool, whether the backward pass sees `cos(theta)` in place of
            the margined value. Defaults to `True`.
        **kwargs: `sub_centers`, `name` and other arguments of
            `keras.layers.Layer`.

    Call arguments:
        As `MarginHead`.

    Output shape:
        `(batch_size, num_classes)`, logits.

    Reference:
        - [Liu et al., 2017](https://arxiv.org/abs/1704.08063)
        - OpenSphere, commit 032c31b, for the defaults
    """

    margin = Hyperparameter("multiplies the angle, so it", at_least=1.0)
    scale = Hyperparameter(above=0.0, is_scale=True)

    def __init__(
        self, num_classes, margin=1.5, scale=30.0, detach=True, **kwargs
    ):
        super().__init__(num_classes, **kwargs)
        self.margin = margin
        self.scale = scale
        self.detach = check_flag("detach", detach)

    def class_margin(self, norms, training):
        value = functools.partial(sphereface_margin, margin=self.margin)
        return Margin(value, detach=self.detach)

    def get_config(self):
        return {**super().get_config(), "detach": self.detach}
