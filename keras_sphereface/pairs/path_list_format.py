"""Lists of two paths and the truth: InsightFace's, OpenSphere's and others'.

`a/1.jpg b/1.jpg 0` in `pairs_label.txt` of InsightFace, in FaceX-Zoo and
`lfw_test_pair.txt`; `0 a/1.jpg b/1.jpg` in OpenSphere's `*_pairs.lst`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keras_sphereface.files.text_file import shorten
from keras_sphereface.pairs.image_finder import ImageFinder
from keras_sphereface.pairs.pair_columns import columns_of
from keras_sphereface.pairs.pair_people import people_of_names
from keras_sphereface.pairs.pair_words import count_of, truth_of
from keras_sphereface.pairs.text_forms import PairText, Row, text_form


def is_path(field: str) -> bool:
    """Whether a field may be a path, rather than a number or a truth.

    Args:
        field: str.

    Returns:
        bool.
    """
    return bool(field) and truth_of(field) is None and count_of(field) is None


def is_truth_last(rows: Sequence[Row]) -> bool:
    """Whether the first row is two paths and the truth, perhaps a fold.

    Args:
        rows: list of `(number, fields)`.

    Returns:
        bool.
    """
    fields = rows[0][1]
    return (
        len(fields) in (3, 4)
        and all(map(is_path, fields[:2]))
        and truth_of(fields[2]) is not None
        and all(field.isdecimal() for field in fields[3:])
    )


def is_truth_first(rows: Sequence[Row]) -> bool:
    """Whether the first row is the truth and two paths.

    Args:
        rows: list of `(number, fields)`.

    Returns:
        bool.
    """
    fields = rows[0][1]
    return (
        len(fields) == 3
        and truth_of(fields[0]) is not None
        and all(map(is_path, fields[1:]))
    )


@text_form("a/1.jpg b/1.jpg 0", is_truth_last)
def read_truth_last(text: PairText, root: Path) -> dict[str, Any]:
    """The arguments of `PairSet` from lines of two paths and the truth.

    Args:
        text: `PairText`; a fourth field is the fold.
        root: folder of the images.

    Returns:
        Dict, the arguments of `PairSet`.
    """
    return _read(text, root, [0, 1, 2], "`image image 1`")


@text_form("0 a/1.jpg b/1.jpg", is_truth_first)
def read_truth_first(text: PairText, root: Path) -> dict[str, Any]:
    """The arguments of `PairSet` from lines of the truth and two paths.

    Args:
        text: `PairText`.
        root: folder of the images.

    Returns:
        Dict, the arguments of `PairSet`.
    """
    return _read(text, root, [1, 2, 0], "`1 image image`")


def _read(
    text: PairText, root: Path, places: list[int], example: str
) -> dict[str, Any]:
    width = len(text.rows[0][1])
    lines, is_same, folds = [], [], []
    for number, fields in text.rows:
        truth = truth_of(fields[places[2]]) if len(fields) == width else None
        fold = fields[3] if width == 4 and truth is not None else "0"
        if truth is None or not fold.isdecimal() or len(fold) > 9:
            raise ValueError(
                f"{text.path}, line {number}: a pair must be {example}, with 1 "
                "for one person and 0 for two, as in the lines before. "
                f"Received: {shorten(' '.join(fields))}"
            )
        lines.append((number, fields[places[0]], fields[places[1]]))
        is_same.append(truth)
        folds.append(int(fold))
    pairs = ImageFinder(root).find_pairs(text.path, lines)
    people = people_of_names(pairs, is_same)
    if width == 3:
        folds = _counted_folds(text)
    return columns_of(pairs, is_same, folds, people)


def _counted_folds(text: PairText) -> list[int]:
    """The folds as a first line counts them; none where there is no line."""
    if text.counts is None:
        return []
    *stated, pairs_per_fold = text.counts
    num_pairs, per_fold = len(text.rows), 2 * pairs_per_fold
    if not stated and num_pairs == pairs_per_fold:
        return []  # the line counts the pairs
    num_folds = stated[0] if stated else num_pairs // per_fold
    if num_pairs != num_folds * per_fold or not num_folds:
        raise ValueError(
            f"{text.path}: the first line, {' '.join(map(str, text.counts))!r},"
            f" must count the pairs, or folds of 2 * {pairs_per_fold} pairs. "
            f"Received: {num_pairs} pairs"
        )
    return [index // per_fold for index in range(num_pairs)]
