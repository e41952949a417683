"""Pair sets of noisy copies of one random picture per person."""

import numpy as np

from keras_sphereface.pairs import PairSet


def make_pairs(num_people=20, pairs_per_fold=12, size=8, seed=0):
    """A pair set of uint8 arrays, five images per person, in ten folds."""
    rng = np.random.default_rng(seed)
    people = rng.uniform(0, 255, (num_people, 1, size, size, 3))
    noise = rng.normal(0, 90, (num_people, 5, size, size, 3))
    images = np.clip(people + noise, 0, 255).astype("uint8")
    return PairSet.sample(
        images.reshape(-1, size, size, 3),
        np.repeat(np.arange(num_people), 5),
        pairs_per_fold=pairs_per_fold,
    )


def pixel_embedder(step=1):
    """Every `step`-th pixel as an embedding: the more, the better."""

    def embed(images):
        rows = images.reshape(len(images), -1)[:, ::step]
        return rows.astype("float32") - 127.5

    return embed
