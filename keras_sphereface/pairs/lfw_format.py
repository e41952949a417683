"""The text format of Labeled Faces in the Wild's `pairs.txt`."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keras_sphereface.files.text_file import read_text
from keras_sphereface.pairs.image_finder import ImageFinder
from keras_sphereface.pairs.pair_columns import columns_of
from keras_sphereface.pairs.pair_folds import ten_folds
from keras_sphereface.pairs.pair_words import count_of
from keras_sphereface.pairs.text_forms import (
    PairText,
    Row,
    counts_of,
    split_rows,
    text_form,
)

_Image = tuple[str, int]  # name and image number


def read_lfw_pairs(
    pairs_file: str | os.PathLike, root: str | os.PathLike
) -> dict[str, Any]:
    """Reads a pairs file whose first line counts, and finds its images.

    Args:
        pairs_file: path of the text file.
        root: folder with one folder per person.

    Returns:
        Dict of `images` (paths, each once), `people`, `index_a`, `index_b`,
        `is_same` and `folds`: the arguments of `PairSet`.
    """
    pairs_file, root = Path(pairs_file), Path(root)
    if not root.is_dir():
        raise FileNotFoundError(
            f"`root` must be a folder with one folder per person. "
            f"Received: root={root}"
        )
    rows = split_rows(read_text(pairs_file), pairs_file)
    if not rows:
        raise ValueError(f"The pairs file is empty. Received: {pairs_file}")
    counts = counts_of(rows[0])
    if counts is None:
        number, fields = rows[0]
        raise ValueError(
            f"{pairs_file}, line {number}: the first line must be the number "
            "of folds and of pairs of each kind in a fold, such as `10 300`, "
            f"or only the latter. Received: {' '.join(fields)[:200]!r}"
        )
    return read_lfw_lines(PairText(pairs_file, rows[1:], counts), root)


def is_lfw(rows: Sequence[Row]) -> bool:
    """Whether the first row is `name 1 2` or `name 1 other 2`.

    Args:
        rows: list of `(number, fields)`.

    Returns:
        bool.
    """
    fields = rows[0][1]
    numbers = {3: fields[1:], 4: fields[1::2]}.get(len(fields))
    return numbers is not None and all(map(count_of, numbers))


@text_form("name 1 2", is_lfw)
def read_lfw_lines(text: PairText, root: Path) -> dict[str, Any]:
    """The arguments of `PairSet` from lines of LFW's.

    Without a first line that counts, as in the files of Racial Faces in the
    Wild, there are ten folds of neighboring pairs.

    Args:
        text: `PairText`.
        root: folder with one folder per person.

    Returns:
        Dict, the arguments of `PairSet`.
    """
    pairs = [_read_pair(text.path, *row) for row in text.rows]
    is_same = np.array([a[0] == b[0] for a, b in pairs], bool)
    folds = (
        ten_folds(is_same)
        if text.counts is None
        else _counted_folds(text, is_same)
    )
    numbers = [number for number, _ in text.rows]
    lines = [(n, a, b) for n, (a, b) in zip(numbers, pairs, strict=True)]
    paths = ImageFinder(root).find_pairs(text.path, lines)
    people = {
        path: name
        for pair, both in zip(pairs, paths, strict=True)
        for (name, _), path in zip(pair, both, strict=True)
    }
    return columns_of(paths, is_same.tolist(), folds, people)


def _counted_folds(text: PairText, is_same: np.ndarray) -> np.ndarray:
    """The folds as the first line counts them, checked."""
    counts = text.counts or ()
    *stated, pairs_of_a_kind = counts
    num_pairs = len(is_same)
    num_folds = stated[0] if stated else num_pairs // (2 * pairs_of_a_kind)
    if num_folds < 1 or num_pairs != num_folds * 2 * pairs_of_a_kind:
        raise ValueError(
            f"{text.path}: the first line, {' '.join(map(str, counts))!r}, "
            f"promises {max(num_folds, 1)} folds of 2 * {pairs_of_a_kind} "
            f"pairs. Received: {num_pairs} pairs"
        )
    per_fold = is_same.reshape(num_folds, 2 * pairs_of_a_kind).sum(axis=1)
    for fold, num_same in enumerate(per_fold):
        if num_same != pairs_of_a_kind:
            raise ValueError(
                f"{text.path}: fold {fold} must have {pairs_of_a_kind} pairs "
                f"of one person, as the first line says. Received: {num_same}"
            )
    return np.repeat(np.arange(num_folds), 2 * pairs_of_a_kind)


def _read_pair(
    path: Path, number: int, fields: list[str]
) -> tuple[_Image, _Image]:
    """Two images, each `(name, image number)`."""
    if len(fields) == 3:
        fields = [fields[0], fields[1], fields[0], fields[2]]
    elif len(fields) != 4 or fields[0] == fields[2]:
        fields = []
    numbers = [count_of(field) for field in fields[1::2]]
    if not fields or None in numbers:
        raise ValueError(
            f"{path}, line {number}: a pair must be `name 1 2` for one "
            "person or `name 1 other 2` for two."
        )
    first, second = zip(fields[0::2], numbers, strict=True)
    if first == second:
        raise ValueError(
            f"{path}, line {number}: a pair must show two images. "
            f"Received: {fields[0]} {fields[1]} twice"
        )
    return first, second  # type: ignore[return-value]
