"""Reading many images in batches, from files or from an array."""

import os
from collections.abc import Iterator, Sequence

import numpy as np

from keras_sphereface.contract import FaceInput, ImageError, read_image
from keras_sphereface.contract.arguments import check_integer

# An array `[num_images, height, width, 3]`, or paths or encoded images.
Images = np.ndarray | Sequence[str | os.PathLike | bytes]


def image_batches(
    images: Images,
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


def check_images(images: Images) -> Images:
    """Returns images as an array or a list of paths, or says what is wrong.

    Args:
        images: uint8 array, `[num_images, height, width, 3]`, or a sequence
            of paths or of encoded images as bytes.

    Returns:
        The array, or a list of paths or bytes; at least one image.
    """
    expected = (
        "`images` must be uint8, [num_images, height, width, 3], or a sequence "
        "of paths or of encoded images."
    )
    if isinstance(images, np.ndarray) and images.ndim != 1:
        if (
            images.dtype != np.uint8
            or images.ndim != 4
            or images.shape[-1] != 3
        ):
            raise ValueError(
                f"{expected} Received: images.dtype={images.dtype}, "
                f"images.shape={images.shape}"
            )
    elif isinstance(images, (str, bytes, os.PathLike)):
        raise ValueError(f"{expected} Received: images={images!r}")
    else:
        images = list(images)
        for index, image in enumerate(images):
            if not isinstance(image, (str, os.PathLike, bytes)):
                raise ValueError(
                    f"{expected} Received: images[{index}] of type "
                    f"{type(image).__name__}"
                )
    if not len(images):
        raise ValueError(f"{expected} Received: no images")
    return images


def image_names(
    images: Images, names: Sequence[str] | None = None
) -> list[str]:
    """What errors and reports call each image.

    Args:
        images: what `check_images` returned.
        names: `num_images` strings. Defaults to the paths, or to `"image 0"`,
            `"image 1"`, ...

    Returns:
        List of str.
    """
    if names is None:
        names = (
            [f"image {index}" for index in range(len(images))]
            if isinstance(images, np.ndarray)
            else [
                f"image {index}" if isinstance(image, bytes) else str(image)
                for index, image in enumerate(images)
            ]
        )
    if len(names) != len(images):
        raise ValueError(
            f"`names` must have one name per image, {len(images)}. "
            f"Received: {len(names)} names"
        )
    return list(names)


def read_named_image(
    images: Images,
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
    try:
        return read_image(images[index], face_input)
    except ImageError as error:
        # The message names a file already; an array has only our name.
        if not isinstance(images[index], (str, os.PathLike)):
            raise ImageError(f"{names[index]}: {error}") from error
        raise


def _image_batches(
    images: Images,
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
