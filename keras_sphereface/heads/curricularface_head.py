import functools
import math

import keras
from keras import ops

from keras_sphereface.backend.replicas import (
    replica_index_and_count,
    sum_over_replicas,
)
from keras_sphereface.class_softmax.streamed_classes import (
    split_classes,
    streamed_classes,
)
from keras_sphereface.contract.arguments import check_flag, check_number
from keras_sphereface.heads.hyperparameter import Hyperparameter
from keras_sphereface.heads.registry import register
from keras_sphereface.heads.row_head import RowHead
from keras_sphereface.heads.true_class import SplitClasses
from keras_sphereface.ops import (
    Margin,
    arcface_margin,
    curricular_negatives,
    curricularface_values,
    safe_normalize,
    take_in_rows,
)


@register("curricularface")
@keras.saving.register_keras_serializable(package="keras_sphereface")
class CurricularFaceHead(RowHead):
    """CurricularFace: ArcFace that turns to hard negatives as it learns.

    A class that is nearer than the margined true one has its cosine
    multiplied by `t + cos(theta_j)`, with `t` the running mean of target
    cosines: small at first, near 1 at the end.

    The mean is over the global batch, the same on every replica; it moves in
    training only.

    A class is seen next to the true one of the sample, and its value need not
    rise with its cosine. So with `class_chunk` or `sample_rate` the cosines to
    the true classes are computed before the others, and the nearest of these,
    which the accuracy asks for, once more: a product of embeddings and centers
    more than in other heads.

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
        cos_target = take_in_rows(cos_theta, labels)
        return curricularface_values(
            cos_theta,
            labels,
            margin=self.margin,
            hardness=self._hardness(cos_target, training),
        )

    def _hardness(self, cos_target, training):
        hardness = ops.convert_to_tensor(self.hardness)
        if not training:
            return hardness
        _, replicas = replica_index_and_count()
        count = ops.cast(ops.shape(cos_target)[0] * replicas, "float32")
        total = sum_over_replicas(ops.sum(ops.stop_gradient(cos_target)))
        batch_mean = total / count
        hardness = self.momentum * batch_mean + (1.0 - self.momentum) * hardness
        self.hardness.assign(hardness)
        return hardness

    def _sees_parts(self):
        # Other values of one's own may need the whole row.
        return type(self).row_values is CurricularFaceHead.row_values

    def _split(self, unit, norms, labels, training, loss, has_losses):
        if not self.is_streamed:
            return super()._split(
                unit, norms, labels, training, loss, has_losses
            )
        centers, places, weights = self._classes_of(
            self.centers, labels, training
        )
        centers = ops.convert_to_tensor(centers)
        count = self.num_classes if weights is None else centers.shape[1]
        parts = {
            "class_chunk": self._chunk_of(unit) or count,
            "num_classes": count,
        }
        own, _ = safe_normalize(ops.take(centers, places, axis=1), axis=0)
        own = ops.stop_gradient(
            ops.sum(unit * ops.transpose(own), axis=1, keepdims=True)
        )
        hardness = self._hardness(own, training)
        threshold = arcface_margin(own, margin=self.margin)
        margin = Margin(
            functools.partial(arcface_margin, margin=self.margin),
            functools.partial(
                curricular_negatives, target=threshold, hardness=hardness
            ),
            detach=self.detach,
        )
        target, others, largest, cos_target = split_classes(
            unit,
            centers,
            places,
            margin=margin,
            scale=self.logit_scale(norms),
            bias=loss.bias,
            is_binary=loss.is_binary,
            class_weights=weights,
            **parts,
        )
        _, cosine, nearest = streamed_classes(
            ops.stop_gradient(unit),
            ops.stop_gradient(centers),
            places,
            scale=1.0,
            **parts,
        )
        return SplitClasses(
            None,
            cos_target,
            loss.from_sums(target, others),
            is_nearest=cosine - nearest > 1e-6,
            is_past_margin=target > largest,
        )

    def get_config(self):
        return {
            **super().get_config(),
            "momentum": self.momentum,
            "detach": self.detach,
        }
