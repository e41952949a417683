"""Reading many images in batches, each under the name that errors use."""

import os
from collections.abc import Iterator, Sequence

import numpy as np

from keras_sphereface.contract import (
    FaceInput,
    ImageError,
    StoredImages,
    list_images,
    read_image,
)
from keras_sphereface.contract.arguments import check_integer
from keras_sphereface.contract.image_sources import ImageList, Images


def image_batches(
    images: ImageList,
    names: Sequence[str],
    *,
    batch_size: int = 64,
    face_input: FaceInput | None = None,
    start: int = 0,
) -> Iterator[np.ndarray]:
    """Yields images in order, files read as they are needed.

    Args:
        images: what `check_images` returned.
        names: what an error calls each image, `num_images` strings.
        batch_size: int, at least 1; the last batch may be smaller. Defaults to
            `64`.
        face_input: `FaceInput` that each image must fit. Defaults to `None`:
            all must have the size of the first.
        start: int, how many images to pass over. Defaults to `0`.

    Yields:
        uint8 arrays, `[<= batch_size, height, width, 3]`.
    """
    batch_size = check_integer("batch_size", batch_size, at_least=1)
    return _image_batches(images, names, batch_size, face_input, start)


def check_images(images: Images) -> ImageList:
    """Returns images as a sequence, or says what is wrong with them.

    Args:
        images: in any form of `contract.list_images`. Pixels must be uint8,
            which is what functions that embed are given.

    Returns:
        An array, `StoredImages`, or a list of paths, bytes or pixels; at least
        one image.
    """
    found = list_images("images", images)
    arrays = [found] if isinstance(found, np.ndarray) else found
    if not isinstance(found, StoredImages):
        for array in arrays:
            if isinstance(array, np.ndarray) and array.dtype != np.uint8:
                raise ValueError(
                    "Pixels in `images` must be uint8. "
                    f"Received: images of dtype={array.dtype}"
                )
    return found


def image_names(
    images: ImageList, names: Sequence[str] | None = None
) -> list[str]:
    """What errors and reports call each image.

    Args:
        images: what `check_images` returned.
        names: `num_images` strings. Defaults to the paths, to what a data set
            calls them, or to `"image 0"`, `"image 1"`, ...

    Returns:
        List of str.
    """
    if names is None:
        names = [_name_of(images, index) for index in range(len(images))]
    if len(names) != len(images):
        raise ValueError(
            f"`names` must have one name per image, {len(images)}. "
            f"Received: {len(names)} names"
        )
    return list(names)


def read_named_image(
    images: ImageList,
    names: Sequence[str],
    index: int,
    face_input: FaceInput | None = None,
) -> np.ndarray:
    """One image; if it is broken, the error has its name.

    Args:
        images: what `check_images` returned.
        names: list of str, one per image.
        index: int, position in `images`.
        face_input: `FaceInput` it must fit. Defaults to `None`, any size.

    Returns:
        uint8 array, `[height, width, 3]`.
    """
    source = images[index]
    try:
        return read_image(source, face_input)
    except ImageError as error:
        # The message names a file already; an array has only our name.
        if not isinstance(source, (str, os.PathLike)):
            raise ImageError(f"{names[index]}: {error}") from error
        raise


def _name_of(images: ImageList, index: int) -> str:
    if isinstance(images, StoredImages):
        return images.name_of(index)
    source = None if isinstance(images, np.ndarray) else images[index]
    is_path = isinstance(source, (str, os.PathLike))
    return str(source) if is_path else f"image {index}"


def _image_batches(
    images: ImageList,
    names: Sequence[str],
    batch_size: int,
    face_input: FaceInput | None,
    start: int,
) -> Iterator[np.ndarray]:
    for first in range(start, len(images), batch_size):
        batch = []
        for index in range(first, min(first + batch_size, len(images))):
            image = read_named_image(images, names, index, face_input)
            if face_input is None:
                face_input = FaceInput(*image.shape[:2])
            batch.append(image)
        yield np.stack(batch)
