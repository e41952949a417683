import keras

from keras_sphereface.contract.arguments import check_number
from keras_sphereface.losses.batch_loss import BatchLoss
from keras_sphereface.ops import simple_losses


@keras.saving.register_keras_serializable(package="keras_sphereface")
class SimPLELoss(BatchLoss):
    """SimPLE: pairs as in verification, without centers or normalization.

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
        self.angle_bias = check_number(
            "angle_bias", angle_bias, at_least=-1, at_most=1
        )
        self.positive_weight = check_number(
            "positive_weight", positive_weight, above=0, below=1
        )
        self.temperature = check_number("temperature", temperature, above=0)
        self.margin = check_number("margin", margin, at_least=0)
        self.loss_weight = check_number("loss_weight", loss_weight, above=0)
        self.bias = check_number("bias", bias)

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
