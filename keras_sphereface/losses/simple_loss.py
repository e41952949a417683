import keras

from keras_sphereface.losses.batch_loss import BatchLoss
from keras_sphereface.ops import simple_losses


@keras.saving.register_keras_serializable(package="keras_sphereface")
class SimPLELoss(BatchLoss):
    """SimPLE: pairs as in verification, without centres or normalisation.

    The score of a pair is `<x1, x2> - angle_bias * |x1| |x2|`, its logit
    `(score - margin + bias) / temperature` if positive and `(score + margin +
    bias) * temperature` if negative; the loss is `loss_weight *
    (positive_weight * BCE+ + (1 - positive_weight) * BCE-)`, each a mean over
    the pairs of its kind.

    OpenSphere trains the bias and takes negatives from a queue of half a
    million embeddings of a slowly moving copy of the network. Here the bias
    stays and pairs are those of the batch: make batches large.

    Args:
        angle_bias: float, in `[-1, 1]`, the cosine at which a score changes
            sign. Defaults to `0.3`.
        positive_weight: float in `(0, 1)`. Defaults to `1e-4`.
        temperature: float, above 0. Defaults to `1.0`.
        margin: float, at least 0. Defaults to `0.0`.
        loss_weight: float, above 0. Defaults to `1000.0`.
        bias: float. Defaults to `-10.0`.
        reduction: As in `keras.losses.Loss`. Defaults to
            `"sum_over_batch_size"`.
        name: str. Defaults to `"simple_loss"`.
        dtype: Defaults to `"float32"` under any policy.

    Call arguments:
        y_true: `(batch_size,)` or `(batch_size, 1)`, class indices.
        y_pred: `(batch_size, embedding_dim)`, embeddings.

    Reference:
        - [Wen et al., 2023](https://arxiv.org/abs/2310.09449)
        - OpenSphere, commit 032c31b, for the defaults
    """

    def __init__(
        self,
        angle_bias=0.3,
        positive_weight=1e-4,
        temperature=1.0,
        margin=0.0,
        loss_weight=1000.0,
        bias=-10.0,
        name="simple_loss",
        **kwargs,
    ):
        super().__init__(name=name, **kwargs)
        bounds = {
            "angle_bias": (angle_bias, -1 <= angle_bias <= 1, "in [-1, 1]"),
            "positive_weight": (
                positive_weight,
                0 < positive_weight < 1,
                "in (0, 1)",
            ),
            "temperature": (temperature, temperature > 0, "above 0"),
            "margin": (margin, margin >= 0, "at least 0"),
            "loss_weight": (loss_weight, loss_weight > 0, "above 0"),
        }
        for argument, (value, holds, expected) in bounds.items():
            if not holds:
                raise ValueError(
                    f"`{argument}` must be {expected}. "
                    f"Received: {argument}={value}"
                )
        self.angle_bias = angle_bias
        self.positive_weight = positive_weight
        self.temperature = temperature
        self.margin = margin
        self.loss_weight = loss_weight
        self.bias = bias

    def sample_losses(self, labels, embeddings):
        return simple_losses(labels, embeddings, **self._arguments())

    def _arguments(self):
        return {
            "angle_bias": self.angle_bias,
            "positive_weight": self.positive_weight,
            "temperature": self.temperature,
            "margin": self.margin,
            "loss_weight": self.loss_weight,
            "bias": self.bias,
        }

    def get_config(self):
        return {**super().get_config(), **self._arguments()}
