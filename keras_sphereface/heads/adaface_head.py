import keras
from keras import ops

from keras_sphereface.backend.replicas import (
    replica_index_and_count,
    sum_over_replicas,
)
from keras_sphereface.contract.arguments import check_flag, check_number
from keras_sphereface.heads.hyperparameter import Hyperparameter
from keras_sphereface.heads.margin_head import MarginHead
from keras_sphereface.heads.registry import register
from keras_sphereface.ops import (
    Margin,
    adaface_margin,
    adaface_quality,
    clip_norms,
)


@register("adaface")
@keras.saving.register_keras_serializable(package="keras_sphereface")
class AdaFaceHead(MarginHead):
    """AdaFace: the margin goes by image quality, read off the norm.

    The target value is `cos(theta_y - m * g) - (m + m * g)`, with `g` in
    `[-1, 1]` how far the norm of the embedding is from the running mean of
    norms, in units of their deviation. For data of mixed quality: bad images
    are not pushed where they carry no identity.

    The embedder must not normalize its output. Mean and deviation are over
    the global batch, the same on every replica; they move in training only.

    Args:
        num_classes: int, number of identities.
        margin: float, `m`, at least 0. Defaults to `0.4`.
        concentration: float, `h`, above 0; larger drives more images to `g =
            -1` or `1`. Defaults to `0.333`.
        scale: float, above 0; or `"auto"`, which goes by the number of
            classes and is 64 for the 85,742 of MS1M; see `class_scale`.
            Defaults to `"auto"`.
        momentum: float in `(0, 1]`, the share of a batch in the running
            statistics. Defaults to `0.01`.
        detach: bool, whether the backward pass sees `cos(theta)` in place of
            the margined value. Defaults to `False`.
        **kwargs: `sub_centers`, `name` and other arguments of
            `keras.layers.Layer`.

    Call arguments:
        As `MarginHead`.

    Output shape:
        `(batch_size, num_classes)`, logits.

    Attributes:
        norm_mean, norm_std: scalars, running statistics of norms. They start
            at 20 and 100, as in the paper's code.

    Reference:
        - [Kim et al., 2022](https://arxiv.org/abs/2204.00964)
    """

    margin = Hyperparameter(at_least=0.0)
    scale = Hyperparameter(above=0.0, is_scale=True)

    def __init__(
        self,
        num_classes,
        margin=0.4,
        concentration=0.333,
        scale="auto",
        momentum=0.01,
        detach=False,
        **kwargs,
    ):
        super().__init__(num_classes, **kwargs)
        self.margin = margin
        self.scale = scale
        self.detach = check_flag("detach", detach)
        self.concentration = check_number(
            "concentration", concentration, above=0.0
        )
        self.momentum = check_number(
            "momentum", momentum, above=0.0, at_most=1.0
        )

    def build(self, embeddings_shape, labels_shape=None):
        super().build(embeddings_shape, labels_shape)
        for name, start in (("norm_mean", 20.0), ("norm_std", 100.0)):
            weight = self.add_weight(
                name=name,
                shape=(),
                initializer=keras.initializers.Constant(start),
                trainable=False,
                aggregation="mean",
            )
            setattr(self, name, weight)

    def class_margin(self, norms, training):
        mean, std = self._statistics(norms, training)
        quality = adaface_quality(
            norms, mean=mean, std=std, concentration=self.concentration
        )

        return Margin(
            lambda cos_target: adaface_margin(
                cos_target, margin=self.margin, quality=quality
            ),
            detach=self.detach,
        )

    def _statistics(self, norms, training):
        mean = ops.convert_to_tensor(self.norm_mean)
        std = ops.convert_to_tensor(self.norm_std)
        if not training:
            return mean, std
        norms = ops.stop_gradient(clip_norms(norms))
        _, replicas = replica_index_and_count()
        count = ops.cast(ops.shape(norms)[0] * replicas, "float32")
        batch_mean = sum_over_replicas(ops.sum(norms)) / count
        squares = sum_over_replicas(ops.sum(ops.square(norms - batch_mean)))
        batch_std = ops.sqrt(squares / ops.maximum(count - 1.0, 1.0))
        mean = self.momentum * batch_mean + (1.0 - self.momentum) * mean
        std = self.momentum * batch_std + (1.0 - self.momentum) * std
        self.norm_mean.assign(mean)
        self.norm_std.assign(std)
        return mean, std

    def get_config(self):
        return {
            **super().get_config(),
            "concentration": self.concentration,
            "momentum": self.momentum,
            "detach": self.detach,
        }
