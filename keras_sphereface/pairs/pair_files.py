"""Telling the formats of verification pairs apart."""

import os
from pathlib import Path
from typing import Any

from keras_sphereface.pairs.cfp_format import read_cfp_pairs
from keras_sphereface.pairs.registry import Reader, has_own_images, reader_of
from keras_sphereface.pairs.text_forms import read_text_pairs


def read_pairs(
    path: str | os.PathLike, root: str | os.PathLike | None = None
) -> dict[str, Any]:
    """Reads verification pairs in any of the formats of the field.

    Args:
        path: the folder of CFP, a file of a suffix given to `register`, a
            pickle of InsightFace or the `.mat` file of AgeDB under any name,
            or a text file in any of the forms of `read_text_pairs`.
        root: folder of the images that a file names. A `.bin` file has its
            images in it. Defaults to `None`: for a CSV, the folder of the
            file.

    Returns:
        Dict, the arguments of `PairSet`.

    Raises:
        ValueError: the file is of no known form, or damaged; the message has
            the line.
        FileNotFoundError: `path`, `root` or an image is not there.
    """
    path = Path(path)
    if path.is_dir():
        return read_cfp_pairs(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"`path` must be a file of pairs or CFP's folder. Received: {path}"
        )
    if root is None and not has_own_images(path):
        raise ValueError(
            "`root` must be the folder of the images that a pairs file names. "
            f"Received: root=None for {path}"
        )
    read: Reader = reader_of(path) or read_text_pairs
    found = read(path, root)
    if not len(found["is_same"]):
        raise ValueError(f"{path} must name at least one pair. Received: none")
    return found
