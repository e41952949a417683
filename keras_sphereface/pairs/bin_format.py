"""The `.bin` verification sets of InsightFace: lfw, cfp_fp, agedb_30 and more.

A pickle of two lists: the encoded images of all pairs, one pair after the
other, and one boolean per pair. Python 2 wrote most of them.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np

from keras_sphereface.pairs.bin_pickle import UnsafePickleError, read_bin_pickle
from keras_sphereface.pairs.pair_folds import ten_folds
from keras_sphereface.pairs.registry import register


def read_bin(path: str | os.PathLike) -> tuple[list[bytes], np.ndarray]:
    """The images and pairs of a `.bin` file, with nothing of it run.

    Args:
        path: path of the file.

    Returns:
        `(images, is_same)`: encoded images, `2 * num_pairs`, the two of a pair
        side by side, and a bool array, `[num_pairs]`.

    Raises:
        ValueError: the file is damaged, or holds anything but byte strings
            and booleans.
    """
    path = Path(path)
    try:
        content = read_bin_pickle(path.read_bytes())
    except UnsafePickleError as error:
        raise UnsafePickleError(f"{path}: {error}") from error
    is_pair = isinstance(content, (tuple, list)) and len(content) == 2
    if not is_pair or not all(isinstance(part, list) for part in content):
        raise ValueError(
            f"{path} must hold a list of images and one of booleans. Received: "
            f"{type(content).__name__}"
        )
    images, is_same = content
    for index, image in enumerate(images):
        if not isinstance(image, bytes) or not image:
            raise ValueError(
                f"{path}: image {index} must be a byte string. Received: "
                f"{type(image).__name__}"
            )
    if not all(isinstance(value, bool) for value in is_same):
        raise ValueError(f"{path} must say True or False for each pair.")
    if len(images) != 2 * len(is_same) or not is_same:
        raise ValueError(
            f"{path} must hold two images per pair. Received: {len(images)} "
            f"images, {len(is_same)} pairs"
        )
    return images, np.array(is_same, bool)


@register(".bin", has_images=True)
def read_bin_pairs(
    path: str | os.PathLike, root: str | os.PathLike | None = None
) -> dict[str, Any]:
    """The arguments of `PairSet` from a `.bin` file.

    The folds are those of `ten_folds`. Images with the
    same bytes are one image.

    Args:
        path: path of the file.
        root: not read; the images are in the file. Defaults to `None`.

    Returns:
        Dict of `images` (bytes, each once), `index_a`, `index_b`, `is_same`,
        `folds` and `names`.
    """
    images, is_same = read_bin(path)
    position: dict[tuple[bytes, bool], int] = {}
    distinct: list[bytes] = []
    names: list[str] = []
    index = np.empty(len(images), np.int64)
    for number, image in enumerate(images):
        # Both images of a pair may be the same file; they stay two.
        is_twin = number % 2 and image == images[number - 1]
        key = (image, bool(is_twin))
        if key not in position:
            position[key] = len(distinct)
            distinct.append(image)
            names.append(
                f"image {'ab'[number % 2]} of pair {number // 2} in {path}"
            )
        index[number] = position[key]
    return {
        "images": distinct,
        "index_a": index[0::2],
        "index_b": index[1::2],
        "is_same": is_same,
        "folds": ten_folds(is_same),
        "names": names,
    }
