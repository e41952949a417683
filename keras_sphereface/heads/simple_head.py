import keras

from keras_sphereface.contract.arguments import check_number
from keras_sphereface.heads.pair_head import PairHead
from keras_sphereface.ops import simple_pair_losses, simple_scores


@keras.saving.register_keras_serializable(package="keras_sphereface")
class SimPLEHead(PairHead):
    """SimPLE with earlier embeddings: pairs as in verification, no centers.

    The loss is that of `losses.SimPLELoss`, with a bias that is trained, over
    the pairs of the batch and of the batch with the bank.

    OpenSphere differs. Its bank, of 524,288 embeddings, takes those of a
    slowly moving copy of the network, and the batch is compared with these
    alone. It trains, at a tenth of the learning rate for the bias, on
    embeddings whose first value, through softplus, is their norm. And it
    trains with a positive weight of 1e-3, a temperature of 2 and a loss weight
    of 500; the defaults here are those of its constructor.

    Args:
        num_classes: int, number of identities, of which labels are checked.
        bank_size: int, embeddings to keep. Defaults to `8192`.
        angle_bias: float, in `[-1, 1]`, the cosine at which a score changes
            sign. Defaults to `0.3`.
        positive_weight: float in `(0, 1)`. Defaults to `1e-4`.
        temperature: float, above 0. Defaults to `1.0`.
        margin: float, at least 0. Defaults to `0.0`.
        loss_weight: float, above 0. Defaults to `1000.0`.
        bias: float, which the bias starts at. Defaults to `-10.0`.
        **kwargs: `name` and other arguments of `keras.layers.Layer`.

    Call arguments:
        As `PairHead`.

    Output shape:
        `(batch_size,)`, losses.

    Attributes:
        bias: scalar, trained.
        bank: `EmbeddingBank`, a queue.

    Example:

    ```python
    recognizer = FaceRecognizer(embedder, SimPLEHead(num_classes=10572))
    ```

    Reference:
        - [Wen et al., 2023](https://arxiv.org/abs/2310.09449)
        - OpenSphere, commit ec8a8ca, for what differs
    """

    def __init__(
        self,
        num_classes,
        bank_size=8192,
        angle_bias=0.3,
        positive_weight=1e-4,
        temperature=1.0,
        margin=0.0,
        loss_weight=1000.0,
        bias=-10.0,
        **kwargs,
    ):
        super().__init__(num_classes, bank_size, **kwargs)
        self.angle_bias = check_number(
            "angle_bias", angle_bias, at_least=-1, at_most=1
        )
        self.positive_weight = check_number(
            "positive_weight", positive_weight, above=0, below=1
        )
        self.temperature = check_number("temperature", temperature, above=0)
        self.margin = check_number("margin", margin, at_least=0)
        self.loss_weight = check_number("loss_weight", loss_weight, above=0)
        self.initial_bias = check_number("bias", bias)

    def build(self, embeddings_shape, labels_shape=None):
        super().build(embeddings_shape, labels_shape)
        self.bias = self.add_weight(
            name="bias",
            shape=(),
            initializer=keras.initializers.Constant(self.initial_bias),
        )

    def pair_scores(self, embeddings, others):
        return simple_scores(embeddings, others, angle_bias=self.angle_bias)

    def pair_losses(self, scores, is_positive, is_negative):
        return simple_pair_losses(
            scores,
            is_positive,
            is_negative,
            bias=self.bias,
            over_replicas=True,
            **self._numbers(),
        )

    def _numbers(self):
        return {
            "positive_weight": self.positive_weight,
            "temperature": self.temperature,
            "margin": self.margin,
            "loss_weight": self.loss_weight,
        }

    def get_config(self):
        return {
            **super().get_config(),
            "angle_bias": self.angle_bias,
            "bias": self.initial_bias,
            **self._numbers(),
        }
