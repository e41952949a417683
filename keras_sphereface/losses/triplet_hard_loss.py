import keras

from keras_sphereface.losses.triplet_loss import TripletLoss
from keras_sphereface.ops import hard_triplet_losses


@keras.saving.register_keras_serializable(package="keras_sphereface")
class TripletHardLoss(TripletLoss):
    """Triplet loss with the farthest positive and the nearest negative.

    Embeddings should have norm 1 for the two Euclidean metrics. Arguments and
    value are those of `tensorflow_addons.losses.TripletHardLoss`.

    Args:
        margin: float, at least 0. Defaults to `1.0`.
        soft: bool, `log(1 + e^x)` in place of `max(x + margin, 0)`. Defaults
            to `False`.
        distance_metric: `"L2"`, `"squared-L2"`, `"angular"` (one minus the
            cosine), or a callable from embeddings, `(batch_size,
            embedding_dim)`, to distances, `(batch_size, batch_size)`. Defaults
            to `"L2"`.
        reduction: As in `keras.losses.Loss`. Defaults to
            `"sum_over_batch_size"`.
        name: str. Defaults to `"triplet_hard_loss"`.
        dtype: Defaults to `"float32"` under any policy.

    Call arguments:
        y_true: `(batch_size,)` or `(batch_size, 1)`, class indices.
        y_pred: `(batch_size, embedding_dim)`, embeddings.

    Reference:
        - [Hermans et al., 2017](https://arxiv.org/abs/1703.07737)
    """

    def __init__(
        self,
        margin=1.0,
        soft=False,
        distance_metric="L2",
        name="triplet_hard_loss",
        **kwargs,
    ):
        super().__init__(margin, distance_metric, name=name, **kwargs)
        self.soft = soft

    def sample_losses(self, labels, embeddings):
        return hard_triplet_losses(
            labels,
            self.distances(embeddings),
            margin=self.margin,
            soft=self.soft,
        )

    def get_config(self):
        return {**super().get_config(), "soft": self.soft}
