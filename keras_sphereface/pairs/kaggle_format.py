"""LFW's pairs as tables, as they are on Kaggle.

`pairs.csv` begins `name,imagenum1,imagenum2,` and has a fourth field where a
pair shows two people. View 1 is in two files, `matchpairsDevTest.csv` and
`mismatchpairsDevTest.csv`: whichever is named, both are read.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keras_sphereface.files.text_file import read_csv_rows
from keras_sphereface.pairs.lfw_format import read_lfw_lines
from keras_sphereface.pairs.pair_columns import columns_of
from keras_sphereface.pairs.pair_words import truth_of
from keras_sphereface.pairs.text_forms import PairText, Row, text_form


def is_kaggle(rows: Sequence[Row]) -> bool:
    """Whether the first row names the columns of Kaggle's tables.

    Args:
        rows: list of `(number, fields)`.

    Returns:
        bool.
    """
    header = [field.lower() for field in rows[0][1]]
    return {"imagenum1", "imagenum2"} <= set(header) and header[0] in (
        "name",
        "name1",
    )


@text_form("name,imagenum1,imagenum2", is_kaggle)
def read_kaggle(text: PairText, root: Path) -> dict[str, Any]:
    """The arguments of `PairSet` from a table of names and numbers.

    A fifth field says whether the pair shows one person, as the names do.

    Args:
        text: `PairText`.
        root: folder with one folder per person.

    Returns:
        Dict, the arguments of `PairSet`; one fold for view 1.
    """
    rows = _lines_of(text.path, text.rows[1:])
    found = read_lfw_lines(PairText(text.path, rows), root)
    other = _other_file(text.path)
    if len(set(found["is_same"].tolist())) == 2 or other is None:
        return found
    rows = _lines_of(other, read_csv_rows(other)[1:])
    parts = [found, read_lfw_lines(PairText(other, rows), root)]
    pairs = [
        (part["images"][a], part["images"][b])
        for part in parts
        for a, b in zip(part["index_a"], part["index_b"], strict=True)
    ]
    is_same = np.concatenate([part["is_same"] for part in parts])
    people = {
        image: person
        for part in parts
        for image, person in zip(part["images"], part["people"], strict=True)
    }
    return columns_of(pairs, is_same.tolist(), [0] * len(pairs), people)


def _lines_of(path: Path, rows: Sequence[Row]) -> list[Row]:
    """Lines of LFW's from those of the table."""
    lines = []
    for number, fields in rows:
        fields = [field.strip() for field in fields]
        while fields and not fields[-1]:
            fields.pop()
        if len(fields) == 5:
            *fields, word = fields
            if truth_of(word) != (fields[0] == fields[2]):
                raise ValueError(
                    f"{path}, line {number}: the last field must say 1 where "
                    "both names are one, and 0 elsewhere. "
                    f"Received: {word[:80]!r}"
                )
        if len(fields) == 4 and fields[0] == fields[2]:
            fields = [fields[0], fields[1], fields[3]]
        lines.append((number, fields))
    return lines


def _other_file(path: Path) -> Path | None:
    """The file of the other kind of pairs beside one of a kind, if any."""
    name = path.name
    if "mismatch" in name:
        other = path.with_name(name.replace("mismatch", "match", 1))
    else:
        other = path.with_name(name.replace("match", "mismatch", 1))
    return other if other != path and other.is_file() else None
