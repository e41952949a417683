"""The protocol of AgeDB, `AgeDB_30.mat` and the like, as it is published.

Its variable `splits` has a structure per fold: a cell of two rows of images,
and the truth in a row, 1 for one person and -1 for two.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np

from keras_sphereface.pairs.image_finder import ImageFinder
from keras_sphereface.pairs.mat_file import Cells, read_mat
from keras_sphereface.pairs.pair_columns import columns_of
from keras_sphereface.pairs.pair_people import people_of_names
from keras_sphereface.pairs.registry import register

_DEEPEST = 8


@register(".mat")
def read_agedb_pairs(
    path: str | os.PathLike, root: str | os.PathLike
) -> dict[str, Any]:
    """Reads the pairs of AgeDB.

    Args:
        path: path of the `.mat` file, version 5 to 7.
        root: folder of the images, `0_MariaCallas_35_f.jpg` and others.

    Returns:
        Dict, the arguments of `PairSet`; a fold per split.

    Raises:
        ValueError: the file is damaged, or has other variables.
        FileNotFoundError: `root` or an image is not there.
    """
    path, root = Path(path), Path(root)
    splits = read_mat(path).get("splits")
    if not isinstance(splits, Cells) or not splits.items:
        raise ValueError(
            f"{path} must have the variable `splits`, a cell per fold. "
            f"Received: {type(splits).__name__}"
        )
    if not root.is_dir():
        raise FileNotFoundError(
            f"`root` must be the folder of the images. Received: root={root}"
        )
    lines, is_same, folds = [], [], []
    for fold, split in enumerate(splits.items):
        names, truths = _read_split(path, fold, split)
        for number, (a, b) in enumerate(names, start=1):
            lines.append((number, a, b))
            is_same.append(truths[number - 1] > 0)
            folds.append(fold)
    pairs = ImageFinder(root).find_pairs(path, lines)
    people = people_of_names(pairs, is_same)
    return columns_of(pairs, is_same, folds, people)


def _read_split(
    path: Path, fold: int, split: Any
) -> tuple[list[tuple[str, str]], list[float]]:
    """Two names per pair, and the truths."""
    while isinstance(split, Cells) and len(split.items) == 1:
        split = split.items[0]
    values = list(split.values()) if isinstance(split, dict) else []
    cells = [one for one in values if isinstance(one, Cells) and one.items]
    numbers = [one for one in values if isinstance(one, np.ndarray)]
    if cells and numbers and 2 in cells[0].shape:
        shape, items = cells[0]
        truths = numbers[0].tolist()
        names = [_text_of(item) for item in items]
        rows = names[0::2], names[1::2]
        if shape[0] != 2:
            rows = names[: len(names) // 2], names[len(names) // 2 :]
        known = all(names) and set(truths) <= {1.0, 0.0, -1.0}
        if known and len(names) == 2 * len(truths):
            return list(zip(*rows, strict=True)), truths
    raise ValueError(
        f"{path}: fold {fold} of `splits` must be two rows of images and their "
        "truth, 1 or -1."
    )


def _text_of(value: Any) -> str:
    """The text in cells and structures around it, or `""`."""
    for _ in range(_DEEPEST):
        if isinstance(value, Cells):
            value = value.items[0] if value.items else None
        elif isinstance(value, dict):
            value = next(iter(value.values()), None)
        else:
            break
    return value if isinstance(value, str) else ""
