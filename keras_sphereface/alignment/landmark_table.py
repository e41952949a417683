"""Landmarks that someone else found, in a CSV file."""

from pathlib import Path

import numpy as np

from keras_sphereface.edge.detected_face import DetectedFace
from keras_sphereface.files.text_file import read_csv_table, shorten

COLUMNS = tuple(f"{axis}{point}" for point in range(1, 6) for axis in "xy")


def read_landmarks(path) -> dict[str, list[DetectedFace]]:
    """Reads the faces of each picture from a CSV.

    The header names `path`, relative to the folder of the pictures, and
    `x1,y1,...,x5,y5` in pixels: left eye, right eye, nose, left and right
    corner of the mouth, as seen in the picture. A column `score` is read if it
    is there. A picture with several lines has several faces. The log of
    tools/align_faces.py is such a file.

    Args:
        path: path of the CSV file.

    Returns:
        Dict of lists of `DetectedFace` by the path of the picture.
    """
    path = Path(path)
    faces: dict[str, list[DetectedFace]] = {}
    # Names of pictures may be of any bytes, as those of files.
    header, rows = read_csv_table(path, errors="surrogateescape")
    missing = [name for name in ("path", *COLUMNS) if name not in header]
    if missing:
        raise ValueError(
            f"{path}: the first line must name the columns path, "
            f"{', '.join(COLUMNS)}. Received: {shorten(', '.join(header))}"
        )
    for line, row in rows:
        name = Path(row["path"]).as_posix()
        found = faces.setdefault(name, [])
        texts = [row[column] for column in COLUMNS]
        if not any(texts):
            continue  # a picture in which no face was found
        try:
            numbers = np.array([float(text) for text in texts])
            score = float(row.get("score") or 1)
        except ValueError:
            numbers, score = np.array([np.nan]), 0.0
        if not np.isfinite(numbers).all():
            raise ValueError(
                f"{path}, line {line}: landmarks must be ten numbers. "
                f"Received: {shorten(','.join(texts))}"
            )
        points = numbers.reshape(5, 2)
        corner, far = points.min(axis=0), points.max(axis=0)
        box = np.concatenate([corner, far - corner])
        found.append(DetectedFace(box, points, score))
    return faces
