"""The `.bin` verification sets of InsightFace: lfw, cfp_fp, agedb_30 and more.

A pickle of two lists: the encoded images of all pairs, one pair after the
other, and one boolean per pair. Python 2 wrote most of them, with strings as
images; `build_eval_pack.py` writes arrays of `cv2.imencode`.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keras_sphereface.files.pickled_numpy import PickledArray
from keras_sphereface.pairs.bin_pickle import UnsafePickleError, read_bin_pickle
from keras_sphereface.pairs.pair_folds import ten_folds
from keras_sphereface.pairs.registry import register


def read_bin(path: str | os.PathLike) -> tuple[list[bytes], np.ndarray]:
    """The images and pairs of a `.bin` file, with nothing of it run.

    Images are byte strings or uint8 arrays, `[n]`, `[n, 1]` or `[1, n]`; the
    truth is booleans or numbers, 1 or 0, or an array of them. Both may be
    lists, tuples or arrays of objects.

    Args:
        path: path of the file.

    Returns:
        `(images, is_same)`: encoded images, `2 * num_pairs`, the two of a pair
        side by side, and a bool array, `[num_pairs]`.

    Raises:
        ValueError: the file is damaged, or holds anything else.
    """
    path = Path(path)
    try:
        content = read_bin_pickle(path.read_bytes())
    except UnsafePickleError as error:
        raise UnsafePickleError(f"{path}: {error}") from error
    parts = _items_of(content)
    if parts is None or len(parts) != 2:
        raise ValueError(
            f"{path} must hold a list of images and one of booleans. Received: "
            f"{type(content).__name__}"
        )
    images = [
        _image_of(path, index, image)
        for index, image in enumerate(_list_of(path, parts[0], "images"))
    ]
    is_same = _truth_of(path, parts[1])
    if len(images) != 2 * len(is_same) or not len(is_same):
        raise ValueError(
            f"{path} must hold two images per pair. Received: {len(images)} "
            f"images, {len(is_same)} pairs"
        )
    return images, is_same


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
    content_of = _number_contents(images)
    position: dict[tuple[int, bool], int] = {}
    distinct: list[bytes] = []
    names: list[str] = []
    index = np.empty(len(images), np.int64)
    for number, image in enumerate(images):
        # Both images of a pair may be the same file; they stay two.
        is_twin = number % 2 and content_of[number] == content_of[number - 1]
        key = (content_of[number], bool(is_twin))
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


def _number_contents(images: list[bytes]) -> list[int]:
    """A number per image, the same where the bytes are.

    A small file may refer to two large strings many times over: each string is
    compared once, not each reference.
    """
    number_of: dict[bytes, int] = {}
    number_of_string: dict[int, int] = {}
    for image in images:
        if id(image) not in number_of_string:
            number = number_of.setdefault(image, len(number_of))
            number_of_string[id(image)] = number
    return [number_of_string[id(image)] for image in images]


def _items_of(value: object) -> Sequence | None:
    """The items of a list, a tuple or an array of objects, or `None`."""
    if isinstance(value, PickledArray) and value.is_object:
        is_whole = len(value.content) == value.size
        value = value.content if is_whole else None
    return value if isinstance(value, list | tuple) else None


def _list_of(path: Path, value: object, what: str) -> Sequence:
    if isinstance(value, PickledArray) and value.dtype.code[0] == "S":
        size = int(value.dtype.code[1:])
        if size and len(value.content) == size * value.size:
            # NumPy fills up byte strings to the longest with zeros.
            return [
                value.content[start : start + size].rstrip(b"\0")
                for start in range(0, len(value.content), size)
            ]
    items = _items_of(value)
    if items is None:
        raise ValueError(
            f"{path} must hold a list of images and one of booleans. Received: "
            f"{_kind_of(value)} for {what}"
        )
    return items


def _image_of(path: Path, index: int, image: object) -> bytes:
    content = image
    if isinstance(image, PickledArray):
        # All axes but one have length 1, so the order of the bytes is clear.
        is_row = max(image.shape, default=1) == image.size
        is_bytes = is_row and image.dtype.code in ("u1", "i1")
        content = image.content if is_bytes else None
        if is_bytes and image.size != len(image.content):
            content = None
    if not isinstance(content, bytes) or not content:
        raise ValueError(
            f"{path}: image {index} must be a byte string or a uint8 array of "
            f"one. Received: {_kind_of(image)}"
        )
    return content


def _truth_of(path: Path, value: object) -> np.ndarray:
    """One boolean per pair."""
    if isinstance(value, PickledArray) and not value.is_object:
        numbers = _numbers_of(path, value)
    else:
        items = _list_of(path, value, "booleans")
        numbers = np.array([_number_of(path, one) for one in items], float)
    if not np.isin(numbers, (0, 1)).all():
        wrong = numbers[~np.isin(numbers, (0, 1))][0]
        raise ValueError(
            f"{path} must say True or False, or 1 or 0, for each pair. "
            f"Received: {wrong}"
        )
    return numbers == 1


def _number_of(path: Path, value: object) -> float:
    if isinstance(value, PickledArray) and value.size == 1:
        items = _items_of(value)
        value = items[0] if items else _numbers_of(path, value)[0]
    if isinstance(value, int | float) and abs(value) < 2:
        return float(value)
    raise ValueError(
        f"{path} must say True or False, or 1 or 0, for each pair. "
        f"Received: {_kind_of(value)}"
    )


def _numbers_of(path: Path, array: PickledArray) -> np.ndarray:
    code, is_row = array.dtype.code, max(array.shape, default=1) == array.size
    try:
        dtype = np.dtype(f"{array.dtype.order}{code}")
        is_whole = len(array.content) == dtype.itemsize * array.size
        if is_row and is_whole and dtype.kind in "biuf":
            return np.frombuffer(array.content, dtype).astype(float)
    except TypeError:
        pass  # no number has so many bytes
    raise ValueError(
        f"{path} must say True or False, or 1 or 0, for each pair. "
        f"Received: {_kind_of(array)}"
    )


def _kind_of(value: object) -> str:
    if isinstance(value, PickledArray):
        return f"an array of {value.dtype.code}, shape={value.shape}"
    # Python refuses to write out the largest integers.
    if isinstance(value, float) or (type(value) is int and abs(value) < 2**60):
        return repr(value)
    return type(value).__name__
