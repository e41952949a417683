"""The losses of our heads on plain cosines; defaults are those of the heads."""

import keras

from keras_sphereface.contract.arguments import check_number
from keras_sphereface.heads import (
    ArcFaceHead,
    CombinedMarginHead,
    CosFaceHead,
    NormFaceHead,
    SphereFace2Head,
    SphereFaceHead,
    SphereFaceRHead,
)
from keras_sphereface.losses.margin_loss import MarginLoss

# Arguments of a head that a loss has not: they are about centers and norms.
_NOT_OF_A_LOSS = {
    "num_classes",
    "sub_centers",
    "class_chunk",
    "sample_rate",
    "sample_seed",
    "normalization",
    "norm_penalty",
    "norm_penalty_weight",
    "name",
    "trainable",
    "dtype",
}


class HeadLoss(MarginLoss):
    """The loss of one class of heads, made from the head's own arguments.

    A subclass names its `head_class` and its `default_name`.

    Args:
        *args: The head's arguments after `num_classes`, in its order.
        reduction: As in `keras.losses.Loss`. Defaults to
            `"sum_over_batch_size"`.
        name: str. Defaults to that of the class.
        dtype: Defaults to `"float32"` under any policy.
        **kwargs: The head's arguments by name.
    """

    head_class = None
    default_name = None

    def __init__(
        self,
        *args,
        reduction="sum_over_batch_size",
        name=None,
        dtype="float32",
        **kwargs,
    ):
        wrong = sorted(_NOT_OF_A_LOSS & set(kwargs))
        if wrong:
            raise ValueError(
                f"`{wrong[0]}` must be left out: it is for "
                f"{self.head_class.__name__}, not for a loss on cosines. "
                f"Received: {wrong[0]}={kwargs[wrong[0]]!r}"
            )
        super().__init__(
            # As few classes as any head takes.
            self.head_class(2, *args, **kwargs),
            reduction,
            self.default_name if name is None else name,
            dtype,
        )

    def get_config(self):
        config = super().get_config()
        del config["head"]
        of_head = self.head.get_config()
        return {
            **{k: v for k, v in of_head.items() if k not in _NOT_OF_A_LOSS},
            **config,
        }

    @classmethod
    def from_config(cls, config):
        return cls(**config)


@keras.saving.register_keras_serializable(package="keras_sphereface")
class ArcFaceLoss(HeadLoss):
    """ArcFace on plain cosines; arguments of `heads.ArcFaceHead`.

    Args:
        margin, scale, detach, loss_weight: As in `heads.ArcFaceHead`.
        reduction, name, dtype: As in `MarginLoss`.

    Call arguments:
        As `MarginLoss`.

    Example:

    ```python
    model = keras.Sequential([embedder, CosineDense(num_classes=10572)])
    model.compile("sgd", loss=ArcFaceLoss(margin=0.5, scale=64.0))
    ```

    Reference:
        - [Deng et al., 2019](https://arxiv.org/abs/1801.07698)
    """

    head_class = ArcFaceHead
    default_name = "arcface_loss"


@keras.saving.register_keras_serializable(package="keras_sphereface")
class CombinedMarginLoss(HeadLoss):
    """The combined margin on plain cosines, `cos(m1 * theta_y + m2) - m3`.

    Args:
        angle_factor, angle_margin, cosine_margin, scale, detach, loss_weight:
            As in `heads.CombinedMarginHead`.
        reduction, name, dtype: As in `MarginLoss`.

    Call arguments:
        As `MarginLoss`.

    Reference:
        - [Deng et al., 2019](https://arxiv.org/abs/1801.07698)
    """

    head_class = CombinedMarginHead
    default_name = "combined_margin_loss"


@keras.saving.register_keras_serializable(package="keras_sphereface")
class CosFaceLoss(HeadLoss):
    """CosFace (AM-Softmax) on plain cosines, `cos(theta_y) - m`.

    Args:
        margin, scale, detach, loss_weight: As in `heads.CosFaceHead`.
        reduction, name, dtype: As in `MarginLoss`.

    Call arguments:
        As `MarginLoss`.

    Reference:
        - [Wang et al., 2018](https://arxiv.org/abs/1801.09414)
    """

    head_class = CosFaceHead
    default_name = "cosface_loss"


@keras.saving.register_keras_serializable(package="keras_sphereface")
class NormFaceLoss(HeadLoss):
    """NormFace (CocoLoss) on plain cosines: a softmax without a margin.

    Args:
        scale, loss_weight: As in `heads.NormFaceHead`.
        reduction, name, dtype: As in `MarginLoss`.

    Call arguments:
        As `MarginLoss`.

    Reference:
        - [Wang et al., 2017](https://arxiv.org/abs/1704.06369)
    """

    head_class = NormFaceHead
    default_name = "normface_loss"


@keras.saving.register_keras_serializable(package="keras_sphereface")
class SphereFaceLoss(HeadLoss):
    """SphereFace on plain cosines, any real margin.

    Args:
        margin, scale, detach, loss_weight: As in `heads.SphereFaceHead`.
        reduction, name, dtype: As in `MarginLoss`.

    Call arguments:
        As `MarginLoss`.

    Reference:
        - [Liu et al., 2017](https://arxiv.org/abs/1704.08063)
    """

    head_class = SphereFaceHead
    default_name = "sphereface_loss"


@keras.saving.register_keras_serializable(package="keras_sphereface")
class SphereFaceRLoss(HeadLoss):
    """SphereFace-R with hard normalization, on plain cosines.

    The loss per sample is `loss_weight / scale * CE(scale * phi)`, with
    `phi` as in `heads.SphereFaceRHead`. The other normalizations need the
    norms of the embeddings, which cosines have lost: use the head for them.

    Args:
        variant, margin, scale, detach, loss_weight: As in
            `heads.SphereFaceRHead`.
        reduction, name, dtype: As in `MarginLoss`.

    Call arguments:
        As `MarginLoss`.

    Example:

    ```python
    model = keras.Sequential([embedder, layers.CosineDense(10572)])
    model.compile("sgd", loss=SphereFaceRLoss(margin=1.4, scale=60.0))
    model.fit(images, labels)
    ```

    Reference:
        - [Liu et al., 2022](https://arxiv.org/abs/2109.05565)
    """

    head_class = SphereFaceRHead
    default_name = "spherefacer_loss"

    def __init__(self, variant="v2", **kwargs):
        super().__init__(variant, **kwargs)


@keras.saving.register_keras_serializable(package="keras_sphereface")
class SphereFace2Loss(HeadLoss):
    """SphereFace2 on plain cosines: one binary classifier per class.

    As `heads.SphereFace2Head`, but for the bias: a loss has no weights to
    train, so the bias stays where the head's starts, which balances positives
    and negatives at 90°, unless another is given.

    Args:
        variant, margin, scale, power, positive_weight, detach, loss_weight:
            As in `heads.SphereFace2Head`.
        bias: float. Defaults to `None`, the balanced one.
        reduction, name, dtype: As in `MarginLoss`.

    Call arguments:
        As `MarginLoss`.

    Reference:
        - [Wen et al., 2022](https://arxiv.org/abs/2108.01513)
    """

    head_class = SphereFace2Head
    default_name = "sphereface2_loss"

    def __init__(self, *args, bias=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.bias = None if bias is None else check_number("bias", bias)

    def class_loss(self, num_classes):
        bias = self.bias
        if bias is None:
            bias = self.head.balanced_bias(num_classes)
        return self.head.class_loss()._replace(bias=bias)

    def get_config(self):
        return {**super().get_config(), "bias": self.bias}
