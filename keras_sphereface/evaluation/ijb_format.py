"""The text files that come with IJB-B and IJB-C."""

import os
import warnings
from typing import Any, NamedTuple

import numpy as np

from keras_sphereface.files.text_file import (
    read_csv_table,
    read_lines,
    shorten,
)


class TemplateMedia(NamedTuple):
    """Which image belongs to which template and medium.

    Args:
        images: list of str, file names such as `"1.jpg"`.
        template_ids: int `[num_images]`.
        media_ids: int `[num_images]`.
    """

    images: list[str]
    template_ids: np.ndarray
    media_ids: np.ndarray


class TemplatePairs(NamedTuple):
    """Which templates are compared.

    Args:
        ids_a: int `[num_pairs]`.
        ids_b: int `[num_pairs]`.
        is_same: bool `[num_pairs]`.
    """

    ids_a: np.ndarray
    ids_b: np.ndarray
    is_same: np.ndarray


class TemplateSubjects(NamedTuple):
    """Who each template shows, each template once.

    Args:
        template_ids: int `[num_templates]`, ascending.
        people: int `[num_templates]`.
    """

    template_ids: np.ndarray
    people: np.ndarray


def read_template_media(path: str | os.PathLike) -> TemplateMedia:
    """Reads a `*_face_tid_mid.txt`: `1.jpg 17 68891` on each line.

    Args:
        path: str or path.

    Returns:
        `TemplateMedia`.
    """
    rows = _read_columns(path, "image template_id media_id", words=1)
    return TemplateMedia(
        [row[0] for row in rows],
        np.array([row[1] for row in rows]),
        np.array([row[2] for row in rows]),
    )


def read_template_pairs(path: str | os.PathLike) -> TemplatePairs:
    """Reads a `*_template_pair_label.txt`: `1 11065 1` on each line.

    Args:
        path: str or path. The last column is 1 for one person and 0 for two.

    Returns:
        `TemplatePairs`.
    """
    rows = _read_integers(path)
    if rows is None:
        rows = np.array(_read_columns(path, "template_id template_id label"))
    wrong = np.flatnonzero(~np.isin(rows[:, 2], (0, 1)))
    if len(wrong):
        raise ValueError(
            f"{path}: the label must be 0 or 1. "
            f"Received: {rows[wrong[0]].tolist()}"
        )
    return TemplatePairs(rows[:, 0], rows[:, 1], rows[:, 2] == 1)


def read_template_subjects(*paths: str | os.PathLike) -> TemplateSubjects:
    """Reads `*_1N_gallery_G1.csv` and the like: who is on each template.

    Args:
        *paths: str or path, CSV files whose header has `TEMPLATE_ID` and
            `SUBJECT_ID`. A template stands on one line for each image.

    Returns:
        `TemplateSubjects` of all files together.
    """
    subjects: dict[int, int] = {}
    for path in paths:
        header, rows = read_csv_table(path, skip_spaces=True)
        if not {"TEMPLATE_ID", "SUBJECT_ID"} <= set(header):
            raise ValueError(
                f"{path}: the first line must name the columns TEMPLATE_ID and "
                f"SUBJECT_ID. Received: {shorten(', '.join(header))}"
            )
        for line, row in rows:
            numbers = [row["TEMPLATE_ID"], row["SUBJECT_ID"]]
            if not all(_is_number(number) for number in numbers):
                raise ValueError(
                    f"{path}, line {line}: TEMPLATE_ID and SUBJECT_ID must be "
                    f"numbers. Received: {shorten(', '.join(numbers))}"
                )
            template, person = map(int, numbers)
            if subjects.setdefault(template, person) != person:
                raise ValueError(
                    f"{path}, line {line}: template {template} shows two "
                    f"people. Received: {person} and {subjects[template]}"
                )
    if not subjects:
        raise ValueError(
            f"`paths` must name a template. Received: none in {len(paths)} "
            "files"
        )
    ids = np.array(sorted(subjects))
    return TemplateSubjects(ids, np.array([subjects[i] for i in ids.tolist()]))


def _read_integers(path: str | os.PathLike) -> np.ndarray | None:
    """Rows of three numbers, in C; `None` where a line is something else."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of an empty file
            rows = np.loadtxt(
                path, np.int64, comments=None, encoding="utf-8-sig", ndmin=2
            )
    except ValueError:
        return None
    return (
        rows if rows.shape[1] == 3 and rows.size and rows.min() >= 0 else None
    )


def _read_columns(
    path: str | os.PathLike, columns: str, words: int = 0
) -> list[list[Any]]:
    """Rows of three fields, the first `words` of them text, others ints."""
    rows = []
    for number, line in read_lines(path):
        fields = line.split()
        if len(fields) != 3 or not all(map(_is_number, fields[words:])):
            raise ValueError(
                f"{path}, line {number}: a line must be `{columns}`. "
                f"Received: {shorten(line)}"
            )
        rows.append([*fields[:words], *map(int, fields[words:])])
    if not rows:
        raise ValueError(f"The file is empty. Received: {path}")
    return rows


def _is_number(field: str) -> bool:
    # An int64 holds any number of so many digits.
    return field.isdecimal() and len(field) <= 18
