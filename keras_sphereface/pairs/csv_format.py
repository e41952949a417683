"""Pairs in a table: two images, whether they are one person, the fold."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keras_sphereface.files.text_file import shorten
from keras_sphereface.pairs.image_finder import ImageFinder
from keras_sphereface.pairs.pair_columns import columns_of
from keras_sphereface.pairs.pair_words import truth_of
from keras_sphereface.pairs.registry import register
from keras_sphereface.pairs.text_forms import (
    PairText,
    Row,
    UnknownTextError,
    read_text_pairs,
    text_form,
)

_COLUMNS = ("image_a", "image_b", "is_same")
# `image_a` and `image_b`, `img1` and `img2`, `path0` and `path1`, `A` and `B`.
_ENDS = (
    *(("a", "b"), ("1", "2"), ("0", "1"), ("left", "right")),
    *(("first", "second"), ("x", "y"), ("l", "r")),
)
_STEMS = (
    *("image", "img", "path", "file", "filename", "photo", "face", "picture"),
    *("imagepath", "imgpath", "filepath", ""),
)
_TRUTHS = (
    *("issame", "label", "labels", "same", "match", "ismatch", "matched"),
    *("target", "issameperson", "sameperson"),
    *("gt", "y", "flag", "actualissame"),
)
_FOLDS = ("fold", "folds", "foldid", "foldnumber")


@register(".csv", has_images=True)
def read_csv_pairs(
    path: str | os.PathLike, root: str | os.PathLike | None
) -> dict[str, Any]:
    """Reads a CSV with the columns `image_a`, `image_b` and `is_same`.

    `is_same` is 1 or 0, `true` or `false`. A column `fold` says the fold of a
    pair; without it, there are ten folds of neighboring pairs. Columns
    `person_a` and `person_b`, both or none, say who is on the images. Other
    names for them that are in use are known, such as `img1,img2,label` or
    CVLface's `A,B,is_same`; so are the other forms of text, without a header.

    Args:
        path: path of the CSV file, UTF-8, with a header.
        root: folder that the images are relative to, or `None` for that of the
            file.

    Returns:
        Dict, the arguments of `PairSet`.
    """
    path = Path(path)
    try:
        return read_text_pairs(path, path.parent if root is None else root)
    except UnknownTextError as error:
        raise ValueError(
            f"{path}: the first line must name the columns "
            f"{', '.join(_COLUMNS)}. Received: {error}"
        ) from None


def is_table(rows: Sequence[Row]) -> bool:
    """Whether the first row names the columns of two images and the truth.

    Args:
        rows: list of `(number, fields)`.

    Returns:
        bool.
    """
    return _columns_of_header(rows[0][1]) is not None


@text_form("image_a,image_b,is_same", is_table)
def read_table(text: PairText, root: Path) -> dict[str, Any]:
    """The arguments of `PairSet` from a table with a header.

    Args:
        text: `PairText`.
        root: folder of the images.

    Returns:
        Dict, the arguments of `PairSet`.
    """
    path, header = text.path, text.rows[0][1]
    columns = _columns_of_header(header) or {}
    if ("person_a" in header) != ("person_b" in header):
        raise ValueError(
            f"{path}: there must be both `person_a` and `person_b`, or "
            f"none of them. Received: {', '.join(header)[:200]}"
        )
    places = {key: header.index(name) for key, name in columns.items()}
    lines, is_same, folds = [], [], []
    for number, row in text.rows[1:]:
        truth = truth_of(_cell(row, places["is_same"]))
        if truth is None:
            raise ValueError(
                f"{path}, line {number}: `{columns['is_same']}` must be 1 or "
                "0, true or false. "
                f"Received: {shorten(_cell(row, places['is_same']))}"
            )
        is_same.append(truth)
        lines.append((number, _cell(row, places["a"]), _cell(row, places["b"])))
        if "fold" in places:
            fold = _cell(row, places["fold"])
            if not fold.isdecimal() or len(fold) > 9:
                raise ValueError(
                    f"{path}, line {number}: `{columns['fold']}` must be a "
                    f"whole number. Received: {shorten(fold)}"
                )
            folds.append(int(fold))
    pairs = ImageFinder(root).find_pairs(path, lines)
    people = _people_of(text, pairs) if "person_a" in header else None
    return columns_of(pairs, is_same, folds, people)


def _cell(row: Sequence[str], place: int) -> str:
    return row[place] if place < len(row) else ""


def _people_of(
    text: PairText, pairs: Sequence[tuple[Path, Path]]
) -> dict[Path, str]:
    people: dict[Path, str] = {}
    columns = ("person_a", "person_b")
    places = [text.rows[0][1].index(column) for column in columns]
    for (number, row), pair in zip(text.rows[1:], pairs, strict=True):
        for image, column, place in zip(pair, columns, places, strict=True):
            person = _cell(row, place)
            if people.setdefault(image, person) != person:
                raise ValueError(
                    f"{text.path}, line {number}: `{column}` must be "
                    f"{people[image]!r}, as before, for {image}. "
                    f"Received: {shorten(person)}"
                )
    return people


def _columns_of_header(header: list[str]) -> dict[str, str] | None:
    """The columns of `a`, `b`, `is_same` and perhaps `fold`, or `None`."""
    if set(_COLUMNS) <= set(header):
        columns = dict(zip(("a", "b", "is_same"), _COLUMNS, strict=True))
        return columns | ({"fold": "fold"} if "fold" in header else {})
    names: dict[str, str] = {}
    for column in header:
        names.setdefault(re.sub(r"[\W_]", "", column.lower()), column)
    truths = [names[name] for name in _TRUTHS if name in names]
    if not truths:
        return None
    folds = [names[name] for name in _FOLDS if name in names]
    for stem in _STEMS:
        for ends in _ENDS:
            for wanted in (
                [f"{stem}{end}" for end in ends],
                [f"{end}{stem}" for end in ends],
                [f"{stem}{end}path" for end in ends],
                [f"{stem}{end}name" for end in ends],
            ):
                if not set(wanted) <= set(names):
                    continue
                a, b = (names[name] for name in wanted)
                if truths[0] in (a, b):
                    continue
                found = {"a": a, "b": b, "is_same": truths[0]}
                return found | ({"fold": folds[0]} if folds else {})
    return None
