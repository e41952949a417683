"""A few augmentations out of many, others for each batch."""

import keras
import tensorflow as tf

from keras_sphereface.backend.keras_internals import rand_augment_layers
from keras_sphereface.contract.arguments import check_integer
from keras_sphereface.data.keras_augmentation import KerasAugmentation


class RandomChoice:
    """Applies some of its steps, drawn anew for each batch, one after another.

    Only the drawn ones are computed. A step may be drawn twice.

    Args:
        steps: list of augmentations, as `training_dataset(augment=)` takes
            them; none may change labels.
        count: int, at least 1, how many are drawn. Defaults to `2`.

    Call arguments:
        example: dict with `"image"`, `[batch_size, height, width, 3]`.
        seed: two ints, or an int tensor `[2]`.
    """

    def __init__(self, steps, count=2):
        self.steps = list(steps)
        self.count = check_integer("count", count, at_least=1)
        if not self.steps:
            raise ValueError("`steps` must hold at least one. Received: []")

    @classmethod
    def rand_augment(cls, factor=0.1, count=2):
        """RandAugment of the layers that `keras.layers.RandAugment` has.

        That layer computes all eleven for every image and keeps two, which
        takes ten times as long.

        Args:
            factor: float in `(0, 1)`, how strong: shifts and shears of this
                share of the side, turns of this share of a full circle.
                Defaults to `0.1`, at which faces stay faces.
            count: int, layers per batch. Defaults to `2`.

        Returns:
            `RandomChoice`.

        Reference:
            - [Cubuk et al., 2019](https://arxiv.org/abs/1909.13719)
        """
        layer = keras.layers.RandAugment(value_range=(0, 255), factor=factor)
        parts = rand_augment_layers(layer)
        return cls([KerasAugmentation(part) for part in parts], count)

    def __call__(self, example, *, seed):
        example = {**example, "image": tf.convert_to_tensor(example["image"])}
        draw_seed, *seeds = tf.unstack(tf.random.split(seed, self.count + 1))
        draws = tf.random.stateless_uniform(
            [self.count], draw_seed, 0, len(self.steps), tf.int32
        )
        for draw, own in zip(tf.unstack(draws), seeds, strict=True):
            example = self._apply(draw, example, own)
        return example

    def _apply(self, draw, example, seed):
        branches = [
            lambda step=step: step(example, seed=seed)["image"]
            for step in self.steps
        ]
        return {**example, "image": tf.switch_case(draw, branches)}
