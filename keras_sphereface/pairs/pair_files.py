"""Telling the formats of verification pairs apart."""

import os
from pathlib import Path
from typing import Any

from keras_sphereface.pairs.cfp_format import read_cfp_pairs
from keras_sphereface.pairs.lfw_format import read_lfw_pairs
from keras_sphereface.pairs.registry import Reader, has_own_images, reader_of


def read_pairs(
    path: str | os.PathLike, root: str | os.PathLike | None = None
) -> dict[str, Any]:
    """Reads verification pairs in any of the formats of the field.

    Args:
        path: a `.bin` file of InsightFace, a `.csv` file, one of a suffix
            given to `register`, the folder of CFP, or a text file in the
            format of LFW's `pairs.txt`.
        root: folder of the images that a text or CSV file names. A `.bin`
            file has its images in it. Defaults to `None`.

    Returns:
        Dict, the arguments of `PairSet`.
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
    read: Reader = reader_of(path) or read_lfw_pairs
    return read(path, root)
