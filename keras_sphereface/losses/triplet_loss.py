import keras

from keras_sphereface.contract.arguments import check_choice, check_number
from keras_sphereface.losses.batch_loss import BatchLoss
from keras_sphereface.ops import angular_distances, distances, squared_distances

_DISTANCES = {
    "L2": distances,
    "squared-L2": squared_distances,
    "angular": angular_distances,
}


class TripletLoss(BatchLoss):
    """A loss on distances; the subclass says which triplets count.

    Args:
        margin: float, at least 0.
        distance_metric: `"L2"`, `"squared-L2"`, `"angular"` (one minus the
            cosine), or a callable from embeddings, `(batch_size,
            embedding_dim)`, to distances, `(batch_size, batch_size)`.
        **kwargs: those of `BatchLoss`.
    """

    def __init__(self, margin, distance_metric, **kwargs):
        super().__init__(**kwargs)
        self.margin = check_number("margin", margin, at_least=0)
        self.distance_metric = distance_metric
        self.distances = _distance_function(distance_metric)

    def get_config(self):
        metric = self.distance_metric
        if callable(metric):
            metric = keras.saving.serialize_keras_object(metric)
        return {
            **super().get_config(),
            "margin": self.margin,
            "distance_metric": metric,
        }

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        if isinstance(config["distance_metric"], dict):
            config["distance_metric"] = keras.saving.deserialize_keras_object(
                config["distance_metric"]
            )
        return cls(**config)


def _distance_function(distance_metric):
    if callable(distance_metric):
        return distance_metric
    check_choice(
        "distance_metric",
        distance_metric,
        _DISTANCES,
        reason="is not callable, so it",
    )
    return _DISTANCES[distance_metric]
