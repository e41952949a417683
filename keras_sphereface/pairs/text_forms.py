"""Telling the text files of pairs apart, by what their first lines say."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from keras_sphereface.files.text_file import csv_rows, read_text, shorten
from keras_sphereface.pairs.pair_words import count_of

# Tabs where a line has one, so that a name may hold spaces; else white space.
WHITE_SPACE = "\t"
_DELIMITERS = (WHITE_SPACE, ",", ";", "|")  # in the order of trying
# Lines that are split on trial, to see what separates the fields.
_LINES_TRIED = 20

Row = tuple[int, list[str]]  # the number of the line, and its fields


class UnknownTextError(ValueError):
    """A text file that is in none of the forms of pairs."""


class PairText(NamedTuple):
    """A text file of pairs, its lines split into fields.

    Attributes:
        path: path of the file.
        rows: list of `(number, fields)`, without blank lines.
        counts: the fields of a first line of one or two numbers, or `None`.
    """

    path: Path
    rows: list[Row]
    counts: tuple[int, ...] | None = None


class TextForm(NamedTuple):
    """A form of text.

    Attributes:
        example: str, what a line looks like.
        recognizes: function of the first rows to a bool.
        read: function of a `PairText` and the folder of the images to the
            arguments of `PairSet`.
    """

    example: str
    recognizes: Callable[[Sequence[Row]], bool]
    read: Callable[[PairText, Path], dict[str, Any]]


_Read = TypeVar("_Read", bound=Callable[..., dict[str, Any]])
_FORMS: list[TextForm] = []


def text_form(
    example: str, recognizes: Callable[[Sequence[Row]], bool]
) -> Callable[[_Read], _Read]:
    """A decorator that makes a form known to `read_text_pairs`.

    Args:
        example: str, what a line looks like, for errors.
        recognizes: function of the first rows, one at least, to whether they
            are of this form. No two forms may say so of the same rows.

    Returns:
        Decorator of a function as `TextForm.read`.
    """

    def add(read: _Read) -> _Read:
        _FORMS.append(TextForm(example, recognizes, read))
        return read

    return add


def read_text_pairs(
    path: str | os.PathLike, root: str | os.PathLike
) -> dict[str, Any]:
    """Reads a text file of pairs in any form.

    Fields may be separated by tabs, white space, commas, semicolons or bars. A
    first line of one or two numbers counts folds and pairs; lines before the
    first that begin with `#` are passed over.

    Args:
        path: path of the file, UTF-8.
        root: folder of the images.

    Returns:
        Dict, the arguments of `PairSet`.

    Raises:
        ValueError: no form is like this, or a line is wrong.
        FileNotFoundError: `root` or an image is not there.
    """
    path, root = Path(path), Path(root)
    text = _without_comments(read_text(path))
    if not text.strip():
        raise UnknownTextError(f"The pairs file is empty. Received: {path}")
    if not root.is_dir():
        raise FileNotFoundError(
            "`root` must be the folder of the images, such as one with one "
            f"folder per person. Received: root={root}"
        )
    num_tried = _first_lines(text)
    first = "\n".join(text.split("\n", num_tried)[:num_tried])
    for delimiter in _DELIMITERS:
        try:
            tried = split_rows(first, path, delimiter)
        except ValueError:
            continue  # not separated so
        counts = counts_of(tried[0]) if tried else None
        rows = tried[1:] if counts else tried
        # White space may stand behind the separators proper.
        end = rows[0][1][0][-1:] if rows else ""
        if not rows or (delimiter == WHITE_SPACE and end in _DELIMITERS):
            continue
        for form in _FORMS:
            if form.recognizes(rows):
                every = split_rows(text, path, delimiter)
                if counts:
                    every = every[1:]
                return form.read(PairText(path, every, counts), root)
    raise UnknownTextError(
        f"{path} must begin as one of the forms of pairs does: "
        f"{', '.join(f'`{form.example}`' for form in _FORMS)}. Received: "
        f"{shorten(first.strip())}"
    )


def split_rows(
    text: str, path: str | os.PathLike, delimiter: str = WHITE_SPACE
) -> list[Row]:
    """Splits text into rows of fields.

    Args:
        text: str.
        path: path of the file, for errors.
        delimiter: str, `WHITE_SPACE`, or one character of comma-separated
            values, with quotes. Defaults to `WHITE_SPACE`.

    Returns:
        List of `(number, fields)` of every line that is not blank.
    """
    if delimiter != WHITE_SPACE:
        rows = csv_rows(text, path, delimiter, skip_spaces=True)
        return [
            (number, [field.strip() for field in fields])
            for number, fields in rows
            if any(map(str.strip, fields))
        ]
    rows = []
    for number, line in enumerate(text.split("\n"), start=1):
        line = line.strip()
        if line:
            fields = line.split("\t" if "\t" in line else None)
            rows.append((number, [field.strip() for field in fields]))
    return rows


def counts_of(row: Row) -> tuple[int, ...] | None:
    """The numbers of a line of one or two counts, or `None`.

    Args:
        row: `(number, fields)`.

    Returns:
        Tuple of int, or `None`.
    """
    counts = [count_of(field) for field in row[1]]
    found = tuple(count for count in counts if count is not None)
    return found if len(found) == len(counts) in (1, 2) else None


def _without_comments(text: str) -> str:
    """The text with blank lines in place of comments at its start."""
    start = 0
    while text.startswith("#", start) or text.startswith("\n", start):
        end = text.find("\n", start)
        start = len(text) if end < 0 else end + 1
    return "\n" * text.count("\n", 0, start) + text[start:]


def _first_lines(text: str) -> int:
    """How many lines hold the first that are not blank."""
    blank = len(text) - len(text.lstrip())
    return text.count("\n", 0, blank) + _LINES_TRIED
