import keras

from keras_sphereface.losses.batch_loss import BatchLoss
from keras_sphereface.ops import npairs_losses


@keras.saving.register_keras_serializable(package="keras_sphereface")
class NpairsLoss(BatchLoss):
    """N-pairs loss: each anchor finds its positive among those of the others.

    `y_pred` is a matrix of similarities, `keras.ops.matmul(anchors,
    keras.ops.transpose(positives))`. Arguments and value are those of
    `tensorflow_addons.losses.NpairsLoss`.

    Args:
        reduction: As in `keras.losses.Loss`. Defaults to
            `"sum_over_batch_size"`.
        name: str. Defaults to `"npairs_loss"`.
        dtype: Defaults to `"float32"` under any policy.

    Call arguments:
        y_true: `(batch_size,)` or `(batch_size, 1)`, class indices.
        y_pred: `(batch_size, batch_size)`, similarities.

    Reference:
        - Sohn, NIPS 2016
    """

    def __init__(self, name="npairs_loss", **kwargs):
        super().__init__(name=name, **kwargs)

    def sample_losses(self, labels, similarities):
        rows, columns = similarities.shape
        if None not in (rows, columns) and rows != columns:
            raise ValueError(
                "`y_pred` must be a square matrix of similarities. "
                f"Received: y_pred of shape {(rows, columns)}"
            )
        return npairs_losses(labels, similarities)
