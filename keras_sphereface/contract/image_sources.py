"""Images in any form, as a sequence of images to read."""

import operator
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeGuard, overload

import numpy as np

from keras_sphereface.contract.face_input import FaceInput
from keras_sphereface.contract.image_folders import find_images
from keras_sphereface.contract.images import (
    ENCODED_TYPES,
    PATH_TYPES,
    ImageError,
    ImageSource,
    read_image,
)
from keras_sphereface.contract.similarity import to_numpy

# What `list_images` takes. A data set is known by what it can do, so that its
# class, which needs TensorFlow, need not be loaded.
Images = ImageSource | Iterable[Any] | Any
# What it returns.
ImageList = np.ndarray | Sequence[ImageSource]

_EXPECTED = (
    "must be images: an array, uint8 or float, [num_images, height, width, 3]; "
    "paths, encoded bytes, arrays [height, width, 3], or several of them; a "
    "folder of image files; or a data set."
)


class StoredImages(Sequence[ImageSource]):
    """The images of a data set, each read when it is asked for.

    Args:
        faces: object with a length and `read_bytes(position)`, such as a
            `data.EncodedFaces`, or `read_pixels(position)`, uint8 `[height,
            width, 3]`, such as an `evaluation.LooseFaces`; `name_of(position)`,
            if it has it, is what errors call an image.
        positions: int, `[num_images]`, which of the images. Defaults to
            `None`, all of them.
    """

    def __init__(self, faces: Any, positions: np.ndarray | None = None) -> None:
        self.faces = faces
        self._positions = (
            np.arange(len(faces)) if positions is None else positions
        )

    def __len__(self) -> int:
        return len(self._positions)

    @overload
    def __getitem__(self, index: int) -> ImageSource: ...
    @overload
    def __getitem__(self, index: slice) -> "StoredImages": ...
    def __getitem__(self, index: int | slice) -> "ImageSource | StoredImages":
        if isinstance(index, slice):
            return self.take(np.arange(len(self))[index])
        position = int(self._positions[index])
        if hasattr(self.faces, "read_pixels"):
            return self.faces.read_pixels(position)
        return self.faces.read_bytes(position)

    def take(self, index: np.ndarray) -> "StoredImages":
        """Some of the images, still to be read.

        Args:
            index: int, `[num_images]`, positions in this sequence.

        Returns:
            `StoredImages`.
        """
        return StoredImages(self.faces, self._positions[index])

    def name_of(self, index: int) -> str:
        """What errors call an image.

        Args:
            index: int, position in this sequence.

        Returns:
            str.
        """
        position = int(self._positions[index])
        if hasattr(self.faces, "name_of"):
            return str(self.faces.name_of(position))
        return f"image {position}"


def list_images(name: str, images: Images) -> ImageList:
    """Images of any form as a sequence; files are not read yet.

    The one reader of every argument that takes images.

    Args:
        name: str, what an error calls the argument.
        images: one image: a path, its encoded bytes, or pixels, uint8 or
            float, `[height, width, 3]`, as array or tensor. Or several: an
            array `[num_images, height, width, 3]`; an iterable of images, of
            such arrays, or of these with labels, `(images, labels)`; a folder,
            whose image files are searched in sub-folders too, in the order of
            their paths, with a warning that counts the others; or a data set:
            what has a length and `read_bytes(position)`, as `data.ImageFolder`
            and `data.RecordDataset` have, or a `load()` that returns images and
            labels, as `data.SyntheticFaces` has.

    Returns:
        Array, `[num_images, height, width, 3]`, uint8 or float; `StoredImages`
        of a data set that is read by position; or a list of paths, bytes and
        arrays `[height, width, 3]`. At least one image.

    Raises:
        ValueError: the argument is or holds something else, or no image.
        FileNotFoundError: it is one path, and nothing is there.
    """
    if _is_labeled(images):
        images = images[0]
    if isinstance(images, PATH_TYPES):
        return _paths(name, Path(images))
    if isinstance(images, ENCODED_TYPES):
        return [images]
    if isinstance(images, StoredImages):
        found: ImageList = images
    elif hasattr(images, "shape"):
        found = _of_array(name, images)
    elif hasattr(images, "read_bytes") and hasattr(images, "__len__"):
        found = StoredImages(images)
    elif isinstance(images, Iterable):
        found = [
            source
            for index, item in enumerate(images)
            for source in _of_item(f"{name}[{index}]", item)
        ]
    elif hasattr(images, "load"):
        # A `tf.data.Dataset` has a `load` too, and is iterable.
        found = _of_array(name, images.load()[0])
    else:
        raise _error(name, f"{name} of type {type(images).__name__}")
    if not len(found):
        raise _error(name, "no images")
    return found


def is_stored(images: Images) -> bool:
    """Whether images are a folder or a data set, which may be of any size.

    Args:
        images: as in `list_images`.

    Returns:
        bool.
    """
    if isinstance(images, (*PATH_TYPES, StoredImages)):
        return True
    in_memory = isinstance(images, ENCODED_TYPES) or hasattr(images, "shape")
    return not in_memory and (
        hasattr(images, "read_bytes") or not isinstance(images, Iterable)
    )


def read_images(
    name: str, images: Images, face_input: FaceInput | None = None
) -> np.ndarray:
    """Reads images of any form into one batch.

    Args:
        name: str, what an error calls the argument.
        images: as in `list_images`.
        face_input: `FaceInput` they must fit. Defaults to `None`: all must
            have the size of the first.

    Returns:
        uint8 or float32 array, `[num_images, height, width, 3]`, in
        `[0, 255]`, in the order given.

    Raises:
        ValueError: an image is broken or does not fit; it is named.
        OSError: a file is missing or cannot be opened.
    """
    sources = list_images(name, images)
    if isinstance(sources, np.ndarray):
        face_input = face_input or FaceInput(*sources.shape[1:3])
        return _check(name, sources, face_input)
    batch: list[np.ndarray] = []
    for index, source in enumerate(sources):
        if isinstance(sources, StoredImages):
            called = sources.name_of(index)
        else:
            called = f"{name}[{index}]"
        image = _read(called, source, face_input)
        face_input = face_input or FaceInput(*image.shape[:2])
        batch.append(image)
    return np.stack(batch)


def _read(
    name: str, source: ImageSource, face_input: FaceInput | None
) -> np.ndarray:
    if isinstance(source, np.ndarray):
        face_input = face_input or FaceInput(*source.shape[:2])
        return _check(name, source, face_input)[0]
    try:
        return read_image(source, face_input)
    except ImageError as error:
        # A file is named in the message already.
        if isinstance(source, PATH_TYPES):
            raise
        raise ImageError(f"{name}: {error}") from error


def _check(name: str, images: np.ndarray, face_input: FaceInput) -> np.ndarray:
    try:
        return face_input.check(images)
    except ValueError as error:
        raise ValueError(f"`{name}` does not fit: {error}") from None


def _paths(name: str, path: Path) -> ImageList:
    if path.is_dir():
        return find_images(name, path)
    if not path.exists():
        raise FileNotFoundError(
            f"`{name}` must be an image file or a folder of them. Received: "
            f"{name}={os.fspath(path)!r}, which is not there"
        )
    return [path]


def _of_array(name: str, images: Any) -> ImageList:
    array = to_numpy(images)
    if array.dtype.kind in "OSU":
        return [
            source
            for index, item in enumerate(array.ravel().tolist())
            for source in _of_item(f"{name}[{index}]", item)
        ]
    if array.ndim == 3:
        array = array[None]
    _check_pixels(name, array)
    return array


def _of_item(name: str, item: Any) -> Iterator[ImageSource]:
    if _is_labeled(item):
        item = item[0]
    if isinstance(item, (*PATH_TYPES, *ENCODED_TYPES)):
        yield item
        return
    try:
        array = to_numpy(item)
    except ValueError as error:
        raise _error(name, f"{name} of unequal rows") from error
    if array.dtype.kind in "SU" or (array.dtype.kind == "O" and array.ndim < 2):
        for text in array.ravel().tolist():
            if not isinstance(text, (*PATH_TYPES, *ENCODED_TYPES)):
                raise _error(name, f"{name} of type {type(item).__name__}")
            yield text
        return
    if array.ndim not in (3, 4):
        raise _error(name, f"{name} of type {type(item).__name__}")
    batch = array[None] if array.ndim == 3 else array
    _check_pixels(name, batch)
    yield from batch


def _is_labeled(value: Any) -> TypeGuard[tuple[Any, Any]]:
    """Whether it is `(images, labels)`, as `fit` takes it, not two images."""
    if not isinstance(value, tuple) or len(value) != 2:
        return False
    labels = value[1]
    try:
        operator.index(labels)
    except TypeError:
        is_array = hasattr(labels, "shape") and len(labels.shape) < 3
        return is_array and to_numpy(labels).dtype.kind in "iuf"
    return True


def _check_pixels(name: str, batch: np.ndarray) -> None:
    is_pixels = batch.dtype == np.uint8 or batch.dtype.kind == "f"
    if not is_pixels or batch.ndim != 4 or batch.shape[-1] != 3:
        raise _error(
            name,
            f"{name} of dtype={batch.dtype}, shape={batch.shape}",
            " Drop the alpha channel with `images[..., :3]`."
            if batch.shape[-1:] == (4,)
            else "",
        )


def _error(name: str, received: str, hint: str = "") -> ValueError:
    argument = name.partition("[")[0]
    return ValueError(f"`{argument}` {_EXPECTED}{hint} Received: {received}")
