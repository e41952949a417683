"""Pairs in a table: two images, whether they are one person, the fold."""

import csv
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keras_sphereface.pairs.pair_folds import ten_folds
from keras_sphereface.pairs.registry import register

_WORDS = {"1": True, "true": True, "same": True}
_WORDS |= {"0": False, "false": False, "different": False, "diff": False}
_COLUMNS = ("image_a", "image_b", "is_same")


@register(".csv", has_images=True)
def read_csv_pairs(
    path: str | os.PathLike, root: str | os.PathLike | None
) -> dict[str, Any]:
    """Reads a CSV with the columns `image_a`, `image_b` and `is_same`.

    `is_same` is 1 or 0, `true` or `false`. A column `fold` says the fold of a
    pair; without it, there are ten folds of neighboring pairs. Columns
    `person_a` and `person_b`, both or none, say who is on the images.

    Args:
        path: path of the CSV file, UTF-8, with a header.
        root: folder that the images are relative to, or `None` for that of the
            file.

    Returns:
        Dict, the arguments of `PairSet`.
    """
    path = Path(path)
    root = path.parent if root is None else Path(root)
    with open(path, encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, restval="")
        header = reader.fieldnames or []
        missing = [name for name in _COLUMNS if name not in header]
        if missing:
            raise ValueError(
                f"{path}: the first line must name the columns "
                f"{', '.join(_COLUMNS)}. Received: {', '.join(header)}"
            )
        if ("person_a" in header) != ("person_b" in header):
            raise ValueError(
                f"{path}: there must be both `person_a` and `person_b`, or "
                f"none of them. Received: {', '.join(header)}"
            )
        rows = [(reader.line_num, row) for row in reader]
    pairs, is_same, folds = [], [], []
    people: dict[Path, str] = {}
    for number, row in rows:
        word = row["is_same"].strip().lower()
        if word not in _WORDS:
            raise ValueError(
                f"{path}, line {number}: `is_same` must be 1 or 0, true or "
                f"false. Received: {row['is_same']!r}"
            )
        is_same.append(_WORDS[word])
        pairs.append([root / row[name].strip() for name in _COLUMNS[:2]])
        for image in pairs[-1]:
            if not image.is_file():
                raise FileNotFoundError(
                    f"{path}, line {number}: no image {image}"
                )
        if "fold" in header:
            fold = row["fold"].strip()
            if not fold.isdecimal():
                raise ValueError(
                    f"{path}, line {number}: `fold` must be a whole number. "
                    f"Received: {fold!r}"
                )
            folds.append(int(fold))
        if "person_a" in header:
            for image, column in zip(
                pairs[-1], ("person_a", "person_b"), strict=True
            ):
                person = row[column].strip()
                if people.setdefault(image, person) != person:
                    raise ValueError(
                        f"{path}, line {number}: `{column}` must be "
                        f"{people[image]!r}, as before, for {image}. "
                        f"Received: {person!r}"
                    )
    return columns_of(pairs, is_same, folds, people or None)


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
