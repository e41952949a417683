import keras
from keras import ops


class CountedSeed(keras.random.SeedGenerator):
    """A seed and a counter that the caller keeps.

    Keras does not save the state of its own generator with a model.

    Args:
        seed: int.
        count: int scalar tensor.
    """

    def __init__(self, seed, count):
        self.seed = seed
        self.count = count

    def next(self, ordered=True):
        count = ops.cast(self.count, "uint32")
        # On torch Keras adds the two: neighboring seeds must lie far apart.
        seed = self.seed * 1_000_003 % 2**31
        return ops.stack([ops.full_like(count, seed), count])


def add_counter(head, name):
    """A weight of a head that counts its draws, the same on all replicas."""
    return head.add_weight(
        name=name,
        shape=(),
        initializer="zeros",
        dtype="int32",
        trainable=False,
        aggregation="only_first_replica",
    )
