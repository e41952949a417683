import keras
from keras import ops

from keras_sphereface.backend.counted_seed import CountedSeed, add_counter
from keras_sphereface.backend.replicas import replica_index_and_count
from keras_sphereface.contract.arguments import (
    check_flag,
    check_integer,
    check_number,
)
from keras_sphereface.heads.hyperparameter import Hyperparameter
from keras_sphereface.heads.margin_head import MarginHead
from keras_sphereface.ops import Margin


class ElasticHead(MarginHead):
    """A margin drawn anew for every sample; the subclass is the margin.

    In training the margin of a sample is normal with mean `margin` and
    deviation `deviation`, cut off at 0; in evaluation it is `margin`. Draws
    depend on `seed` and on a counter that is saved with the head, so that a
    resumed run continues with the draws of one that was not stopped; they are
    made for the global batch, so that any number of replicas sees the same.

    Args:
        num_classes: int, number of identities.
        margin: float, at least 0.
        scale: float, above 0.
        deviation: float, at least 0.
        detach: bool.
        seed: int.
        **kwargs: `sub_centers`, `name` and other arguments of
            `keras.layers.Layer`.

    Attributes:
        draws: int scalar, batches drawn for so far.

    Reference:
        - [Boutros et al., 2022](https://arxiv.org/abs/2109.09416)
    """

    margin = Hyperparameter(at_least=0.0)
    scale = Hyperparameter(above=0.0, is_scale=True)

    def __init__(
        self, num_classes, margin, scale, deviation, detach, seed, **kwargs
    ):
        super().__init__(num_classes, **kwargs)
        self.margin = margin
        self.scale = scale
        self.deviation = check_number("deviation", deviation, at_least=0.0)
        self.detach = check_flag("detach", detach)
        self.seed = check_integer("seed", seed, at_least=0)

    def build(self, embeddings_shape, labels_shape=None):
        super().build(embeddings_shape, labels_shape)
        self.draws = add_counter(self, "draws")

    def margin_value(self, cos_target, margins):
        """What stands in place of the cosine to the true class.

        Args:
            cos_target: float32, `(batch_size, 1)`.
            margins: float32, `(batch_size, 1)`, or a float.

        Returns:
            Float32 tensor, `(batch_size, 1)`.
        """
        raise TypeError(
            f"{type(self).__name__} is a head without a margin: "
            "override `margin_value`."
        )

    def class_margin(self, norms, training):
        margins = self._draw(norms) if training else self.margin
        return Margin(
            lambda cos_target: self.margin_value(cos_target, margins),
            detach=self.detach,
        )

    def _draw(self, norms):
        index, replicas = replica_index_and_count()
        batch_size = ops.shape(norms)[0]
        draws = ops.convert_to_tensor(self.draws)
        noise = keras.random.normal(
            (batch_size * replicas, 1), seed=CountedSeed(self.seed, draws)
        )
        self.draws.assign(draws + 1)
        if replicas > 1:
            start = ops.cast(index * batch_size, "int32")
            noise = ops.slice(noise, (start, 0), (batch_size, 1))
        return ops.maximum(self.margin + self.deviation * noise, 0.0)

    def get_config(self):
        return {
            **super().get_config(),
            "deviation": self.deviation,
            "seed": self.seed,
            "detach": self.detach,
        }
