import keras
from keras import ops


class BatchLoss(keras.losses.Loss):
    """A loss on the embeddings of a batch, without class centers.

    A batch must hold several images per identity. Under `tf.distribute`
    pairs are those within a replica. A subclass overrides `sample_losses`.

    Args:
        reduction: As in `keras.losses.Loss`. Defaults to
            `"sum_over_batch_size"`.
        name: str. Defaults to `"batch_loss"`.
        dtype: Defaults to `"float32"` under any policy.

    Call arguments:
        y_true: `(batch_size,)` or `(batch_size, 1)`, class indices.
        y_pred: `(batch_size, embedding_dim)`, embeddings.
    """

    def __init__(
        self,
        reduction="sum_over_batch_size",
        name="batch_loss",
        dtype="float32",
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def call(self, y_true, y_pred):
        if len(y_pred.shape) != 2:
            raise ValueError(
                "`y_pred` must have shape (batch_size, embedding_dim). "
                f"Received: y_pred of shape {tuple(y_pred.shape)}"
            )
        if len(y_true.shape) > 2 or (
            len(y_true.shape) == 2 and y_true.shape[1] != 1
        ):
            raise ValueError(
                "`y_true` must hold one class index per sample, (batch_size,). "
                f"Received: y_true of shape {tuple(y_true.shape)}"
            )
        return self.sample_losses(ops.reshape(y_true, (-1,)), y_pred)

    def sample_losses(self, labels, embeddings):
        """Loss per sample.

        Args:
            labels: float32, `(batch_size,)`, class indices.
            embeddings: float32, `(batch_size, embedding_dim)`.

        Returns:
            Float32 tensor, `(batch_size,)`.
        """
        raise TypeError(
            f"{type(self).__name__} is a loss without a formula: "
            "override `sample_losses`."
        )
