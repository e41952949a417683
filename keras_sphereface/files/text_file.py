"""Text files: what is wrong with one, its name and line."""

import csv
import os
from pathlib import Path

# As much of a wrong line as an error shows.
_SHOWN = 200


class TextFileError(ValueError):
    """A file that is not the text it should be, with its name and line."""


def read_text(path, errors="strict"):
    """The text of a UTF-8 file, with or without a byte-order mark.

    Args:
        path: str or path.
        errors: `"strict"`, or `"surrogateescape"` for a list of file names,
            which may be of any bytes. Defaults to `"strict"`.

    Returns:
        str; all ends of lines are `"\\n"`.

    Raises:
        TextFileError: the file is not UTF-8; it is named, with the line.
    """
    content = Path(path).read_bytes()
    try:
        text = content.decode("utf-8-sig", errors)
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise TextFileError(
            f"{os.fspath(path)}, line {line}: must be UTF-8 text. "
            f"Received: the byte 0x{error.object[error.start]:02x} at "
            f"{error.start} ({error.reason})"
        ) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_lines(path):
    """The lines of a UTF-8 file that are not blank.

    Args:
        path: str or path.

    Returns:
        List of `(number, line)`, from line 1 on, without the spaces around.

    Raises:
        TextFileError: the file is not UTF-8.
    """
    lines = enumerate(read_text(path).split("\n"), start=1)
    return [(number, line.strip()) for number, line in lines if line.strip()]


def read_csv_rows(path, delimiter=",", skip_spaces=False):
    """The rows of a UTF-8 file of comma-separated values, blank ones left out.

    Args:
        path: str or path.
        delimiter: str, one character. Defaults to `","`.
        skip_spaces: bool, whether spaces behind a delimiter are left out.
            Defaults to `False`.

    Returns:
        List of `(number, fields)`; a row has the number of its last line.

    Raises:
        TextFileError: the file is not UTF-8, or not comma-separated values.
    """
    return csv_rows(read_text(path), path, delimiter, skip_spaces)


def csv_rows(text, path, delimiter=",", skip_spaces=False):
    """The rows of text of comma-separated values; see `read_csv_rows`.

    Args:
        text: str.
        path: str or path, what an error calls the text.
        delimiter: str, one character. Defaults to `","`.
        skip_spaces: bool. Defaults to `False`.

    Returns:
        List of `(number, fields)`.
    """
    # `splitlines` would cut at ends of lines that csv keeps in a field.
    lines = (f"{line}\n" for line in text.split("\n"))
    reader = csv.reader(
        lines, delimiter=delimiter, skipinitialspace=skip_spaces
    )
    try:
        return [(reader.line_num, row) for row in reader if row]
    except csv.Error as error:
        raise TextFileError(
            f"{os.fspath(path)}, line {reader.line_num}: must be "
            f"comma-separated values. Received: {error}"
        ) from None


def read_csv_table(path, skip_spaces=False, errors="strict"):
    """A table of comma-separated values whose first row names the columns.

    Args:
        path: str or path.
        skip_spaces: bool, as in `read_csv_rows`. Defaults to `False`.
        errors: str, as in `read_text`. Defaults to `"strict"`.

    Returns:
        `(header, rows)`: list of str, and list of `(number, row)`, where a row
        is a dict of str by column; columns that a line lacks are `""`.

    Raises:
        TextFileError: as `read_csv_rows`.
    """
    rows = csv_rows(read_text(path, errors), path, skip_spaces=skip_spaces)
    header = rows[0][1] if rows else []
    empty = dict.fromkeys(header, "")
    return header, [
        (number, empty | dict(zip(header, row, strict=False)))
        for number, row in rows[1:]
    ]


def shorten(text):
    """A wrong line as an error shows it.

    Args:
        text: str.

    Returns:
        str, in quotes, its end left out where it is long.
    """
    if len(text) <= _SHOWN:
        return repr(text)
    return f"{text[:_SHOWN]!r} and {len(text) - _SHOWN:,} characters more"
