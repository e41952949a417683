"""The images that int8 ranges are taken from."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt

from keras_sphereface.contract import FaceInput, read_image

# A folder, an array of images, or several of them, of batches or of paths.
Images = (
    str | os.PathLike | np.ndarray | Iterable[str | os.PathLike | np.ndarray]
)

FOLDER_IMAGES = 256
_SUFFIXES = {".bmp", ".jpeg", ".jpg", ".png", ".webp"}


def read_calibration(
    calibration: Images | None, face_input: FaceInput
) -> np.ndarray:
    """Brings calibration images of any form into one array.

    Args:
        calibration: as `images` of `gather_images`, faces that vary.
        face_input: `contract.FaceInput` they must fit.

    Returns:
        uint8 or float32 array, `[num_images, height, width, 3]`.
    """
    if calibration is None:
        raise ValueError(
            "Integer quantization needs `calibration` images, about 100 faces "
            "like those the device will see. Received: calibration=None"
        )
    images = gather_images(calibration, face_input, "calibration")
    if images.min() == images.max():
        raise ValueError(
            "`calibration` must be faces, for int8 ranges are taken from them. "
            f"Received: only pixels of value {images.min()}"
        )
    return images


def gather_images(
    images: Images, face_input: FaceInput, name: str
) -> np.ndarray:
    """Brings images of any form into one array.

    Args:
        images: array `[num_images, height, width, 3]`, uint8 or float
            pixels in `[0, 255]`; a finite iterable of such images, of batches
            or of paths; or a folder, whose images are searched in sub-folders
            too. Of more than 256 in a folder, 256 evenly spaced in the order
            of their names are read.
        face_input: `contract.FaceInput` they must fit.
        name: str, the name of the argument they came in.

    Returns:
        uint8 or float32 array, `[num_images, height, width, 3]`, in the order
        given.
    """
    if isinstance(images, (str, os.PathLike)):
        return _read_folder(Path(images), face_input, name)
    if hasattr(images, "shape"):
        return _check(cast("npt.ArrayLike", images), f"`{name}`", face_input)
    return _read_items(images, face_input, name)


def _read_items(
    images: Iterable[str | os.PathLike | np.ndarray],
    face_input: FaceInput,
    name: str,
) -> np.ndarray:
    try:
        items = iter(images)
    except TypeError as error:
        raise ValueError(
            f"`{name}` must be an array of images, an iterable of images or a "
            f"folder. Received: {name} of type {type(images).__name__}"
        ) from error
    batches = [
        read_image(item, face_input)[None]
        if isinstance(item, (str, os.PathLike))
        else _check(item, f"item {index} of `{name}`", face_input)
        for index, item in enumerate(items)
    ]
    if not batches:
        raise ValueError(
            f"`{name}` must hold at least one image. Received: an empty {name}"
        )
    return np.concatenate(batches)


def _read_folder(folder: Path, face_input: FaceInput, name: str) -> np.ndarray:
    paths = sorted(
        path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES
    )
    if not paths:
        raise ValueError(
            f"`{name}` must be a folder with images "
            f"({', '.join(sorted(_SUFFIXES))}). "
            f"Received: {name}={os.fspath(folder)!r}"
        )
    count = min(FOLDER_IMAGES, len(paths))
    chosen = [paths[index * len(paths) // count] for index in range(count)]
    return np.stack([read_image(path, face_input) for path in chosen])


def _check(
    images: npt.ArrayLike, name: str, face_input: FaceInput
) -> np.ndarray:
    try:
        return face_input.check(images)
    except ValueError as error:
        raise ValueError(f"{name} does not fit the embedder: {error}") from None
