"""Labelled face crops from a folder with one sub-folder per identity."""

import os
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import tensorflow as tf

from keras_sphereface.contract import IMAGE_SIZE
from keras_sphereface.data.decoding import (
    UnreadableImageError,
    decode_images,
    read_file,
    read_pixels,
)

_EXTENSIONS = (".jpg", ".jpeg", ".png")
_LAYOUT = (
    "`folder` must hold one sub-folder per identity with that person's images "
    "in it: folder/alice/1.jpg, folder/bob/1.jpg."
)
# A graph for many images: calls for each would spend half of their time in
# Python, where threads wait for each other.
_decode_images = tf.function(decode_images, reduce_retracing=True)


class ImageFolder:
    """Aligned face crops in a folder, one sub-folder per identity.

    Identities are the sub-folders sorted by name; the label of an image is the
    position of its identity. Files ending in .jpg, .jpeg or .png, in any case,
    are images; other files, hidden ones and folders inside an identity are
    ignored. Links are followed.

    Every file is decoded once, in threads, before training starts. A file that
    cannot be used is left out with one warning: corrupt, truncated, not a JPEG
    or PNG, 16 bits per channel, or marked as turned by its EXIF data (which
    evaluation would turn upright and training would not). An image of another
    size, or an identity without a readable image, is an error.

    Args:
        folder: path of the folder.
        image_size: `(height, width)` every image must have. Defaults to
            `(112, 112)`.
        check_images: bool. `False` starts at once, for a large folder that
            was checked before; a bad file then stops the training. Defaults
            to `True`.

    Attributes:
        paths: list of str, one per image.
        labels: int32 array, `[len(self)]`, in `[0, num_classes)`.
        identities: list of str, the identity of each label.
        num_classes: int, number of identities.
        unreadable: dict, path of a file left out to the reason.

    Example:

    ```python
    folder = ImageFolder("faces")
    dataset = training_dataset(folder, batch_size=64)
    ```
    """

    def __init__(self, folder, *, image_size=IMAGE_SIZE, check_images=True):
        self.image_size = _checked_size(image_size)
        self.folder = _checked_folder(folder)
        paths_of = _list_images(self.folder)
        self.identities = list(paths_of)
        self.unreadable = {}
        if check_images:
            every_path = [path for paths in paths_of.values() for path in paths]
            self.unreadable = _unreadable_files(every_path, self.image_size)
        self.paths, labels = [], []
        for label, paths in enumerate(paths_of.values()):
            readable = [path for path in paths if path not in self.unreadable]
            self.paths += readable
            labels += [label] * len(readable)
        self.labels = np.array(labels, np.int32)
        self._check_identities()
        if self.unreadable:
            warnings.warn(
                f"{len(self.unreadable)} of "
                f"{len(self.unreadable) + len(self)} image files cannot be "
                f"used and are left out: {self._reasons(self.unreadable)}. "
                "`unreadable` lists all of them.",
                stacklevel=2,
            )

    @property
    def num_classes(self):
        return len(self.identities)

    def __len__(self):
        return len(self.paths)

    def __iter__(self):
        """Yields `(image_bytes, label)`, the files as they are."""
        for path, label in zip(self.paths, self.labels, strict=True):
            with open(path, "rb") as file:
                yield file.read(), int(label)

    def load(self):
        """All images in memory, about 38 kB each at 112x112.

        Returns:
            `(images, labels)`: uint8 `[len(self), height, width, 3]` and int32
            `[len(self)]`.
        """
        images = np.empty((len(self), *self.image_size, 3), np.uint8)

        def read(paths):
            return [_read_images(paths, self.image_size)]

        start = 0
        for pixels in _map_in_threads(read, self.paths):
            images[start : start + len(pixels)] = pixels
            start += len(pixels)
        return images, self.labels.copy()

    def _check_identities(self):
        used = np.bincount(self.labels, minlength=self.num_classes) > 0
        without = [self.identities[label] for label in np.flatnonzero(~used)]
        if without:
            inside = os.path.join(self.folder, without[0], "")
            broken = [p for p in self.unreadable if p.startswith(inside)]
            raise _no_image(
                self.folder, without, hint=f" ({self._reasons(broken)})"
            )

    def _reasons(self, paths):
        return _first_few(
            f"{os.path.relpath(path, self.folder)} ({self.unreadable[path]})"
            for path in paths
        )


def _checked_size(image_size):
    size = tuple(image_size) if isinstance(image_size, (tuple, list)) else ()
    if len(size) != 2 or any(type(n) is not int or n < 1 for n in size):
        raise ValueError(
            "`image_size` must be `(height, width)`, two positive ints. "
            f"Received: image_size={image_size!r}"
        )
    return size


def _checked_folder(folder):
    if not isinstance(folder, (str, os.PathLike)):
        raise ValueError(
            f"`folder` must be a path. Received: folder={folder!r}"
        )
    if not os.path.isdir(folder):
        found = "which is a file" if os.path.exists(folder) else "not found"
        raise ValueError(
            f"{_LAYOUT} Received: folder={os.fspath(folder)!r}, {found}"
        )
    return os.fspath(folder)


def _list_images(folder):
    """`{identity: [path, ...]}`, both in order of their names."""
    entries = _visible(folder)
    loose = [entry.name for entry in entries if _is_image(entry)]
    if loose:
        raise ValueError(
            f"{_LAYOUT} Received: images directly in folder={folder!r}: "
            f"{_first_few(loose)}"
        )
    paths_of = {
        entry.name: [
            image.path for image in _visible(entry.path) if _is_image(image)
        ]
        for entry in entries
        # Listing a link to nowhere raises, so that it is not skipped.
        if entry.is_dir() or not os.path.exists(entry.path)
    }
    if not paths_of:
        raise ValueError(
            f"{_LAYOUT} Received: folder={folder!r} without any sub-folder"
        )
    without = [identity for identity, paths in paths_of.items() if not paths]
    if without:
        inside = os.path.join(folder, without[0])
        is_nested = any(entry.is_dir() for entry in _visible(inside))
        hint = f". {_LAYOUT} Did you mean folder={inside!r}?"
        raise _no_image(folder, without, hint=hint if is_nested else "")
    return paths_of


def _no_image(folder, identities, *, hint):
    return ValueError(
        "Every identity needs a readable image; repair its folder or take it "
        f"away. Received: no readable image in {_first_few(identities)} of "
        f"folder={folder!r}{hint}"
    )


def _visible(folder):
    with os.scandir(folder) as entries:
        visible = [e for e in entries if not e.name.startswith(".")]
    return sorted(visible, key=lambda entry: entry.name)


def _is_image(entry):
    # A link to nowhere counts, so that it is reported and not skipped.
    is_file = entry.is_file() or (entry.is_symlink() and not entry.is_dir())
    return is_file and entry.name.lower().endswith(_EXTENSIONS)


def _unreadable_files(paths, image_size):
    """`{path: reason}` of the files to leave out; a wrong size raises."""
    unreadable, wrong_sizes = {}, {}

    def examine(paths):
        try:
            _read_images(paths, image_size)
        except (OSError, ValueError):
            return [_examine_file(path) for path in paths]
        return [(image_size, None)] * len(paths)

    examined = _map_in_threads(examine, paths)
    for path, (size, reason) in zip(paths, examined, strict=True):
        if reason:
            unreadable[path] = reason
        elif size != image_size:
            wrong_sizes[path] = size
    if wrong_sizes:
        raise _wrong_size(wrong_sizes, image_size)
    return unreadable


def _examine_file(path):
    """`(size, None)` of a good file, `(None, reason)` of a bad one."""
    try:
        return read_pixels(path).shape[:2], None
    except UnreadableImageError as error:
        return None, error.reason
    except OSError as error:
        return None, error.strerror or str(error)


def _read_images(paths, image_size):
    """Uint8 `[len(paths), height, width, 3]`; a bad file raises, named."""
    try:
        image_bytes = [read_file(path) for path in paths]
        return _decode_images(tf.constant(image_bytes), image_size).numpy()
    except tf.errors.InvalidArgumentError:
        for path in paths:
            size = read_pixels(path).shape[:2]
            if size != image_size:
                raise _wrong_size({path: size}, image_size) from None
        raise


def _map_in_threads(function, paths, chunk=64):
    """The items of `function(some paths)` for all paths, in order."""
    chunks = [paths[i : i + chunk] for i in range(0, len(paths), chunk)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for items in pool.map(function, chunks):
            yield from items


def _wrong_size(sizes, image_size):
    received = _first_few(
        f"{height}x{width} in {path}" for path, (height, width) in sizes.items()
    )
    return ValueError(
        f"Every image must be {image_size[0]}x{image_size[1]} (height x "
        "width); align the faces first, with "
        f"`keras_sphereface.contract.align_face`. Received: {received}"
    )


def _first_few(names, limit=3):
    names = list(names)
    more = len(names) - limit
    return ", ".join(names[:limit]) + (f" and {more} more" if more > 0 else "")
