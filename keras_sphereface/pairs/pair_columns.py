"""From pairs of paths to what `PairSet` takes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keras_sphereface.pairs.pair_folds import ten_folds


def columns_of(
    pairs: Sequence[Sequence[Path]],
    is_same: Sequence[bool],
    folds: Sequence[int] | np.ndarray = (),
    people: Mapping[Path, str] | None = None,
) -> dict[str, Any]:
    """The arguments of `PairSet` from pairs of paths.

    Args:
        pairs: list of two paths each.
        is_same: list of bool, one per pair.
        folds: list of int, one per pair; empty for ten of neighboring pairs.
        people: dict of who is on each path, or `None`.

    Returns:
        Dict of `images` (each once), `index_a`, `index_b`, `is_same`, `folds`
        and `people`.
    """
    paths = list(dict.fromkeys(image for pair in pairs for image in pair))
    position = {image: index for index, image in enumerate(paths)}
    if not len(folds):
        folds = ten_folds(is_same)
    return {
        "images": paths,
        "index_a": np.array([position[a] for a, _ in pairs], np.int64),
        "index_b": np.array([position[b] for _, b in pairs], np.int64),
        "is_same": np.array(is_same, bool),
        "folds": np.asarray(folds, np.int64),
        "people": people and np.array([people[path] for path in paths]),
    }
