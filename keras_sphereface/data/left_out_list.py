"""A list of images to leave out of a training set, and why, as a table."""

import csv
import math
import os
from typing import NamedTuple

from keras_sphereface.files import new_file
from keras_sphereface.files.text_file import read_csv_table, shorten

_COLUMNS = ("image", "label", "angle", "reason")


class LeftOutImage(NamedTuple):
    """An image that should not be trained on.

    Attributes:
        image: str, what `EncodedFaces.key_of` calls it.
        label: int, its label in the set. Defaults to `-1`, not known.
        angle: float, degrees from the center it should be near; NaN where it
            is left out for another reason. Defaults to NaN.
        reason: str, in plain words. Defaults to `""`.
    """

    image: str
    label: int = -1
    angle: float = math.nan
    reason: str = ""


def write_left_out(path, images):
    """Writes a CSV with the columns `image`, `label`, `angle` and `reason`.

    Args:
        path: str or path; an older file is replaced.
        images: iterable of `LeftOutImage`.
    """
    with (
        new_file(path) as temporary,
        open(
            temporary,
            "w",
            encoding="utf-8",
            # File names may be of any bytes.
            errors="surrogateescape",
            newline="",
        ) as file,
    ):
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        for image, label, angle, reason in images:
            angle = "" if math.isnan(angle) else f"{angle:.2f}"
            writer.writerow([image, label, angle, reason])


def read_left_out(path):
    """Reads a CSV of images to leave out.

    The column `image` is needed, `label`, `angle` and `reason` are not, so
    that a list may also be written by hand.

    Args:
        path: path of the CSV file, UTF-8, with a header. Names of images may
            be of any bytes, as those of files.

    Returns:
        List of `LeftOutImage`.

    Raises:
        ValueError: it is not such a table; the message has the line.
    """
    header, rows = read_csv_table(path, errors="surrogateescape")
    if "image" not in header:
        raise ValueError(
            f"{os.fspath(path)}: the first line must name the columns "
            f"{', '.join(_COLUMNS)}, at least `image`. "
            f"Received: {shorten(', '.join(header))}"
        )
    return [_image_of(path, number, row) for number, row in rows]


def _image_of(path, number, row):
    try:
        return LeftOutImage(
            row["image"],
            int(row.get("label") or -1),
            float(row.get("angle") or math.nan),
            row.get("reason") or "",
        )
    except ValueError:
        raise ValueError(
            f"{os.fspath(path)}, line {number}: `label` must be a whole number "
            f"and `angle` a number. Received: label={row.get('label')!r}, "
            f"angle={row.get('angle')!r}"
        ) from None
