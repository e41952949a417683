import math

import keras
from keras import ops

from keras_sphereface.backend.replicas import (
    replica_index_and_count,
    sum_over_replicas,
)
from keras_sphereface.contract.arguments import check_flag, check_number
from keras_sphereface.heads.hyperparameter import Hyperparameter
from keras_sphereface.heads.registry import register
from keras_sphereface.heads.row_head import RowHead
from keras_sphereface.ops import curricularface_values, take_in_rows


@register("curricularface")
@keras.saving.register_keras_serializable(package="keras_sphereface")
class CurricularFaceHead(RowHead):
    """CurricularFace: ArcFace that turns to hard negatives as it learns.

    A class that is nearer than the margined true one has its cosine
    multiplied by `t + cos(theta_j)`, with `t` the running mean of target
    cosines: small at first, near 1 at the end.

    The mean is over the global batch, the same on every replica; it moves in
    training only.

    Args:
        num_classes: int, number of identities.
        margin: float, `m`, in `[0, pi)`, radians. Defaults to `0.5`.
        scale: float, above 0; or `"auto"`, which goes by the number of
            classes and is 64 for the 85,742 of MS1M; see `class_scale`.
            Defaults to `"auto"`.
        momentum: float in `(0, 1]`, the share of a batch in `t`. Defaults to
            `0.01`.
        detach: bool, whether the backward pass sees `cos(theta)` in place of
            the margined value. Defaults to `False`.
        **kwargs: `sub_centers`, `name` and other arguments of
            `keras.layers.Layer`.

    Call arguments:
        As `MarginHead`.

    Output shape:
        `(batch_size, num_classes)`, logits.

    Attributes:
        hardness: scalar, `t`. It starts at 0.

    Reference:
        - [Huang et al., 2020](https://arxiv.org/abs/2004.00288)
    """

    margin = Hyperparameter("is an angle, so it", at_least=0.0, below=math.pi)
    scale = Hyperparameter(above=0.0, is_scale=True)

    def __init__(
        self,
        num_classes,
        margin=0.5,
        scale="auto",
        momentum=0.01,
        detach=False,
        **kwargs,
    ):
        super().__init__(num_classes, **kwargs)
        self.margin = margin
        self.scale = scale
        self.momentum = check_number(
            "momentum", momentum, above=0.0, at_most=1.0
        )
        self.detach = check_flag("detach", detach)

    def build(self, embeddings_shape, labels_shape=None):
        super().build(embeddings_shape, labels_shape)
        self.hardness = self.add_weight(
            name="hardness",
            shape=(),
            initializer="zeros",
            trainable=False,
            aggregation="mean",
        )

    def row_values(self, cos_theta, labels, norms, training):
        hardness = ops.convert_to_tensor(self.hardness)
        if training:
            cos_target = ops.stop_gradient(take_in_rows(cos_theta, labels))
            _, replicas = replica_index_and_count()
            count = ops.cast(ops.shape(cos_target)[0] * replicas, "float32")
            batch_mean = sum_over_replicas(ops.sum(cos_target)) / count
            hardness = (
                self.momentum * batch_mean + (1.0 - self.momentum) * hardness
            )
            self.hardness.assign(hardness)
        return curricularface_values(
            cos_theta, labels, margin=self.margin, hardness=hardness
        )

    def get_config(self):
        return {
            **super().get_config(),
            "momentum": self.momentum,
            "detach": self.detach,
        }
