import keras

from keras_sphereface.contract.arguments import check_number
from keras_sphereface.losses.batch_loss import BatchLoss
from keras_sphereface.ops import supervised_contrastive_losses


@keras.saving.register_keras_serializable(package="keras_sphereface")
class SupervisedContrastiveLoss(BatchLoss):
    """Supervised contrastive loss: all positives against all others.

    Embeddings of any norm: the loss sees cosines.

    Args:
        temperature: float, above 0, that cosines are divided by. Defaults to
            `0.07`.
        reduction: As in `keras.losses.Loss`. Defaults to
            `"sum_over_batch_size"`.
        name: str. Defaults to `"supervised_contrastive_loss"`.
        dtype: Defaults to `"float32"` under any policy.

    Call arguments:
        y_true: `(batch_size,)` or `(batch_size, 1)`, class indices.
        y_pred: `(batch_size, embedding_dim)`, embeddings.

    Reference:
        - [Khosla et al., 2020](https://arxiv.org/abs/2004.11362)
    """

    def __init__(
        self, temperature=0.07, name="supervised_contrastive_loss", **kwargs
    ):
        super().__init__(name=name, **kwargs)
        self.temperature = check_number("temperature", temperature, above=0)

    def sample_losses(self, labels, embeddings):
        return supervised_contrastive_losses(
            labels, embeddings, temperature=self.temperature
        )

    def get_config(self):
        return {**super().get_config(), "temperature": self.temperature}
