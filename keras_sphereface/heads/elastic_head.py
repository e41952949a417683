import keras
from keras import ops

from keras_sphereface.backend.counted_seed import CountedSeed, add_counter
from keras_sphereface.backend.replicas import (
    gather_rows,
    replica_index_and_count,
)
from keras_sphereface.contract.arguments import (
    check_flag,
    check_integer,
    check_number,
)
from keras_sphereface.heads.hyperparameter import Hyperparameter
from keras_sphereface.heads.margin_head import MarginHead
from keras_sphereface.ops import Margin, largest_for_hardest


class ElasticHead(MarginHead):
    """A margin drawn anew for every sample; the subclass is the margin.

    In training the margin of a sample is normal with mean `margin` and
    deviation `deviation`, cut off at 0; in evaluation it is `margin`. With
    `plus` the margins of a batch are sorted so that the sample farthest from
    its center gets the largest. Draws depend on `seed` and on a counter that
    is saved with the head, so that a resumed run continues with the draws of
    one that was not stopped; they are made and sorted for the global batch, so
    that any number of replicas sees the same.

    Args:
        num_classes: int, number of identities.
        margin: float, at least 0.
        scale: float, above 0.
        deviation: float, at least 0, or `None` for what the authors trained
            with.
        detach: bool.
        seed: int.
        plus: bool. Defaults to `False`.
        **kwargs: `sub_centers`, `name` and other arguments of
            `keras.layers.Layer`.

    Attributes:
        draws: int scalar, batches drawn for so far.

    Reference:
        - [Boutros et al., 2022](https://arxiv.org/abs/2109.09416)
    """

    margin = Hyperparameter(at_least=0.0)
    scale = Hyperparameter(above=0.0, is_scale=True)
    # What the authors trained with, without and with `plus`.
    trained_deviations = (0.05, 0.02)

    def __init__(
        self,
        num_classes,
        margin,
        scale,
        deviation,
        detach,
        seed,
        plus=False,
        **kwargs,
    ):
        super().__init__(num_classes, **kwargs)
        self.margin = margin
        self.scale = scale
        self.plus = check_flag("plus", plus)
        if deviation is not None:
            deviation = check_number("deviation", deviation, at_least=0.0)
        # A config keeps `None`, so that `plus` may still change in it.
        self._given_deviation = deviation
        trained = self.trained_deviations[self.plus]
        self.deviation = trained if deviation is None else deviation
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
        if not training:
            return Margin(
                lambda cos_target: self.margin_value(cos_target, self.margin),
                detach=self.detach,
            )
        drawn = self._draw(norms)
        return Margin(
            lambda cos_target: self.margin_value(
                cos_target, self._margins_of(cos_target, drawn)
            ),
            detach=self.detach,
        )

    def _draw(self, norms):
        """Margins of the global batch, `(global_batch_size, 1)`."""
        _, replicas = replica_index_and_count()
        draws = ops.convert_to_tensor(self.draws)
        noise = keras.random.normal(
            (ops.shape(norms)[0] * replicas, 1),
            seed=CountedSeed(self.seed, draws),
        )
        self.draws.assign(draws + 1)
        return ops.maximum(self.margin + self.deviation * noise, 0.0)

    def _margins_of(self, cos_target, drawn):
        """Those of the samples that this replica has."""
        if self.plus:
            if cos_target.shape[1] != 1:
                raise ValueError(
                    "`labels` must be class indices with plus=True: a sample "
                    "is as hard as its one true class is far. Received: soft "
                    f"labels of {cos_target.shape[1]} classes"
                )
            everyones = gather_rows(ops.stop_gradient(cos_target))
            drawn = largest_for_hardest(drawn, everyones)
        index, replicas = replica_index_and_count()
        if replicas == 1:
            return drawn
        batch_size = ops.shape(cos_target)[0]
        start = ops.cast(index * batch_size, "int32")
        return ops.slice(drawn, (start, 0), (batch_size, 1))

    def get_config(self):
        return {
            **super().get_config(),
            "deviation": self._given_deviation,
            "seed": self.seed,
            "detach": self.detach,
            "plus": self.plus,
        }
