"""The faces of a run: those to train on and the pairs to verify."""

import os
from typing import Any, NamedTuple

import numpy as np

from keras_sphereface.data import (
    ResizedFaces,
    SyntheticFaces,
    open_faces,
    resize_images,
)
from keras_sphereface.data.alignment_check import warn_if_pairs_unaligned
from keras_sphereface.pairs import PairSet
from keras_sphereface.training.identities import read_identities
from keras_sphereface.training.verified_pairs import verified_pairs

_NUM_FOLDS = 10
_DRAWN_PAIRS = "unseen synthetic faces"
_UNSEEN_IMAGES = 8


class TrainingFaces(NamedTuple):
    """What `load_faces` found.

    Attributes:
        source: `EncodedFaces` or `ResizedFaces`, or arrays
            `(images, labels)`, to train on.
        num_classes: int, identities in `source`.
        num_images: int, images in `source`.
        pair_sets: dict of `PairSet` by name, of people who are not in
            `source`, the main one first.
        name: str, what is trained on.
    """

    source: Any
    num_classes: int
    num_images: int
    pair_sets: dict[str, PairSet]
    name: str

    @property
    def pairs(self):
        """The main `PairSet`, or `None`."""
        return next(iter(self.pair_sets.values()), None)

    @property
    def pairs_name(self):
        """The name of the main pairs, or `""`."""
        return next(iter(self.pair_sets), "")

    @property
    def labels(self):
        """Int array, `[num_images]`."""
        is_arrays = isinstance(self.source, tuple)
        return self.source[1] if is_arrays else self.source.labels

    @property
    def identities(self):
        """List of str, what each label means."""
        if isinstance(self.source, tuple):
            return [str(label) for label in range(self.num_classes)]
        return self.source.identities


def load_faces(config, seed=0):
    """Opens the folder and the pairs of a config, or draws synthetic ones.

    Args:
        config: `DataConfig`.
        seed: int, for synthetic faces and pairs.

    Returns:
        `TrainingFaces`.
    """
    if config.folder is None:
        return _draw_faces(config, seed)
    identities = config.identities and read_identities(config.identities)
    source = open_faces(
        config.folder,
        format=config.format,
        image_size=config.stored_size or config.image_size,
        check_images=config.check_images,
        identities=identities,
        leave_out=config.leave_out,
    )
    files = verified_pairs(config.pairs, config.pairs_root, config.main_pairs)
    pair_sets = {name: PairSet.from_file(*file) for name, file in files.items()}
    for name, pairs in pair_sets.items():
        warn_if_pairs_unaligned(pairs, name)
        pairs.title = name
    if config.stored_size is not None:
        source = ResizedFaces(source, config.image_size)
        pair_sets = {
            name: _resized_pairs(pairs, config.image_size)
            for name, pairs in pair_sets.items()
        }
    return TrainingFaces(
        source,
        source.num_classes,
        len(source),
        pair_sets,
        os.path.basename(os.path.abspath(config.folder)),
    )


def _resized_pairs(pairs, image_size):
    batches = [resize_images(batch, image_size) for batch in pairs.batches()]
    return PairSet(
        np.concatenate(batches),
        pairs.index_a,
        pairs.index_b,
        pairs.is_same,
        pairs.folds,
        names=pairs.names,
        people=pairs.people,
        title=pairs.title,
    )


def _draw_faces(config, seed):
    train = SyntheticFaces(
        config.synthetic_identities,
        config.synthetic_images,
        seed=seed,
        image_size=config.image_size,
    )
    unseen = SyntheticFaces(
        config.synthetic_unseen,
        _UNSEEN_IMAGES,
        seed=seed,
        first_identity=config.synthetic_identities,
        image_size=config.image_size,
    )
    pairs = PairSet.sample(
        *unseen.load(),
        pairs_per_fold=config.synthetic_pairs,
        num_folds=_NUM_FOLDS,
        seed=seed,
    )
    pairs.title = _DRAWN_PAIRS
    return TrainingFaces(
        train.load(),
        train.num_classes,
        len(train),
        {_DRAWN_PAIRS: pairs},
        "synthetic faces",
    )
