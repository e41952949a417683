import math

import keras

from keras_sphereface.heads.elastic_head import ElasticHead
from keras_sphereface.heads.hyperparameter import Hyperparameter
from keras_sphereface.heads.registry import register
from keras_sphereface.ops import arcface_margin


@register("elastic_arcface")
@keras.saving.register_keras_serializable(package="keras_sphereface")
class ElasticArcFaceHead(ElasticHead):
    """ElasticFace-Arc: `cos(theta_y + m)`, `m` drawn anew for every sample.

    One margin does not fit every class; drawing it lets classes open and close
    a little. In evaluation `m` is the mean.

    The authors' code differs. It differentiates the margined value, which
    `detach=False` does here. Past `theta = pi - m` its value rises again. It
    does not cut off margins below 0. Its constructor has a deviation of
    0.0125, which none of its configurations trains with. For "plus" it takes
    the sorted margins in the sorting order of the samples instead of by their
    ranks, so that the hardest sample need not get the largest; here it does.

    Args:
        num_classes: int, number of identities.
        margin: float, mean of `m`, in `[0, pi)`, radians. Defaults to `0.5`.
        scale: float, above 0; or `"auto"`, which goes by the number of
            classes and is 64 for the 85,742 of MS1M; see `class_scale`.
            Defaults to `"auto"`.
        deviation: float, of `m`, at least 0. Defaults to what the authors
            trained with: `0.05`, and `0.0175` with `plus`.
        seed: int, of the draws. Defaults to `0`.
        detach: bool, whether the backward pass sees `cos(theta)` in place of
            the margined value. With `False`, as in the authors' code, an
            angle near 180 degrees is a cheap minimum that small sets of people
            end in. Defaults to `True`.
        plus: bool, whether the draws of a batch are sorted so that the sample
            farthest from its center gets the largest margin
            (ElasticFace-Arc+). Defaults to `False`.
        **kwargs: `sub_centers`, `name` and other arguments of
            `keras.layers.Layer`.

    Call arguments:
        As `MarginHead`.

    Output shape:
        `(batch_size, num_classes)`, logits.

    Attributes:
        draws: int scalar, batches drawn for so far; saved with the head.

    Reference:
        - [Boutros et al., 2022](https://arxiv.org/abs/2109.09416)
    """

    margin = Hyperparameter("is an angle, so it", at_least=0.0, below=math.pi)
    trained_deviations = (0.05, 0.0175)

    def __init__(
        self,
        num_classes,
        margin=0.5,
        scale="auto",
        deviation=None,
        seed=0,
        detach=True,
        plus=False,
        **kwargs,
    ):
        super().__init__(
            num_classes, margin, scale, deviation, detach, seed, plus, **kwargs
        )

    def margin_value(self, cos_target, margins):
        return arcface_margin(cos_target, margin=margins)
