"""Labeled images that stay encoded until a batch needs them."""

import abc
import warnings

import numpy as np
import tensorflow as tf

from keras_sphereface.contract.arguments import check_sizes
from keras_sphereface.data.decoding import (
    FAST_KINDS,
    UnreadableImageError,
    decode_checked,
    decode_images,
    encoded_header,
)
from keras_sphereface.data.thread_map import map_in_threads

# A graph for many images: calls for each would spend half of their time in
# Python, where threads wait for each other.
_decode_images = tf.function(
    lambda image_bytes, image_size, any_kind: decode_images(
        image_bytes, image_size, any_kind=any_kind
    ),
    reduce_retracing=True,
)


class EncodedFaces(abc.ABC):
    """What `ImageFolder`, `RecordDataset` and `TFRecordFolder` have in common.

    A subclass says where the bytes of an image are: `read_bytes` in Python,
    `bytes_reader` in a graph, and `name_of` for errors. Iterating yields
    `(image_bytes, label)`, the bytes as they are stored.

    Args:
        image_size: `(height, width)` every image must have.

    Attributes:
        labels: int32 array, `[len(self)]`, in `[0, num_classes)`.
        identities: list of str, the identity of each label.
        num_classes: int, number of identities.
        unreadable: dict, name of an image left out to the reason.
        has_rare_kinds: bool, whether a pipeline asks of each image if it is
            something else than JPEG or PNG, at some cost. A subclass whose
            images never are sets it to `False`. Defaults to `True`.
    """

    has_rare_kinds = True

    def __init__(self, image_size):
        self.image_size = check_sizes(
            "image_size",
            image_size,
            length=2,
            reason="is (height, width), so it",
        )
        self.labels = np.zeros(0, np.int32)
        self.identities = []
        self.unreadable = {}

    @abc.abstractmethod
    def read_bytes(self, position):
        """The encoded image at a position.

        Args:
            position: int, in `[0, len(self))`.

        Returns:
            Bytes.
        """

    @abc.abstractmethod
    def bytes_reader(self):
        """A function that reads an encoded image inside `tf.data`.

        Returns:
            Function from an int tensor `[]` to a string tensor `[]`.
        """

    @abc.abstractmethod
    def name_of(self, position):
        """What errors call the image at a position.

        Args:
            position: int, in `[0, len(self))`.

        Returns:
            str.
        """

    def key_of(self, position):
        """What lists of images call the one at a position.

        The same wherever the set lies.

        Args:
            position: int, in `[0, len(self))`.

        Returns:
            str.
        """
        return self.key_of_name(self.name_of(position))

    def key_of_name(self, name):
        """What lists of images call the one that errors call `name`.

        Args:
            name: str, as `name_of` and `unreadable` have it.

        Returns:
            str, by default the same.
        """
        return name

    def sizes(self):
        """Bytes of each encoded image, where they are known without reading it.

        Returns:
            Int array, `[len(self)]`; all `0` where they are not known, as
            by default.
        """
        return np.zeros(len(self), np.int64)

    @property
    def num_classes(self):
        return len(self.identities)

    def __len__(self):
        return len(self.labels)

    def __iter__(self):
        """Yields `(image_bytes, label)`, the images as they are stored."""
        for position, label in enumerate(self.labels):
            yield self.read_bytes(position), int(label)

    def load(self):
        """All images in memory, about 38 kB each at 112x112.

        Returns:
            `(images, labels)`: uint8 `[len(self), height, width, 3]` and int32
            `[len(self)]`.
        """
        images = np.empty((len(self), *self.image_size, 3), np.uint8)

        def read(positions):
            return [self.read_images(positions)]

        start = 0
        for pixels in map_in_threads(read, range(len(self))):
            images[start : start + len(pixels)] = pixels
            start += len(pixels)
        return images, self.labels.copy()

    def examine(self):
        """Decodes every image once.

        Returns:
            Dict from the position of an image that cannot be used to the
            reason. An image of another size raises `ValueError`.
        """
        unreadable, wrong_sizes = {}, {}
        self.has_rare_kinds = False  # each image that is looked at may say so

        def examine(positions):
            try:
                self.read_images(positions)
            except (ValueError, OSError, tf.errors.InvalidArgumentError):
                return [self.examine_image(one) for one in positions]
            return [(self.image_size, None)] * len(positions)

        examined = map_in_threads(examine, range(len(self)))
        for position, (size, reason) in enumerate(examined):
            if reason:
                unreadable[position] = reason
            elif size != self.image_size:
                wrong_sizes[position] = size
        if wrong_sizes:
            raise self._wrong_size(wrong_sizes)
        return unreadable

    def warn_of_unreadable(self, what, stacklevel=3):
        """One warning with the number of images left out, if there are any.

        Args:
            what: str, what they are, such as `"image files"`.
            stacklevel: int, as in `warnings.warn`. Defaults to `3`.
        """
        if self.unreadable:
            warnings.warn(
                f"{len(self.unreadable)} of "
                f"{len(self.unreadable) + len(self)} {what} cannot be "
                f"used and are left out: {self.reasons(self.unreadable)}. "
                "`unreadable` lists all of them.",
                stacklevel=stacklevel,
            )

    def reasons(self, names):
        """A few of the images left out, with the reasons.

        Args:
            names: keys of `unreadable`.

        Returns:
            str.
        """
        return first_few(f"{name} ({self.unreadable[name]})" for name in names)

    def read_images(self, positions):
        """Pixels of some images.

        Args:
            positions: sequence of int, in `[0, len(self))`.

        Returns:
            Uint8 array, `[len(positions), height, width, 3]`.
        """
        contents, kinds = [], set()
        for position in positions:
            image_bytes, header = self.read_encoded(position)
            size = (header.height, header.width)
            if size != self.image_size:
                raise self._wrong_size({position: size})
            contents.append(image_bytes)
            kinds.add(header.kind)
        is_rare = not kinds <= set(FAST_KINDS)
        try:
            return _decode_images(
                tf.constant(contents), self.image_size, is_rare
            ).numpy()
        except tf.errors.InvalidArgumentError:
            for position, image_bytes in zip(positions, contents, strict=True):
                decode_checked(image_bytes, self.name_of(position))
            raise

    def read_encoded(self, position):
        """One image as it is stored, and what its header says.

        Args:
            position: int, in `[0, len(self))`.

        Returns:
            `(image_bytes, header)`, see `decoding.encoded_header`.

        Raises:
            UnreadableImageError: it is not to be decoded.
        """
        image_bytes = self.read_bytes(position)
        header = encoded_header(image_bytes, self.name_of(position))
        if header.kind not in FAST_KINDS:
            self.has_rare_kinds = True
        return image_bytes, header

    def examine_image(self, position):
        """Decodes one image.

        Args:
            position: int, in `[0, len(self))`.

        Returns:
            `(size, None)` of a good image, `(None, reason)` of a bad one.
        """
        try:
            image_bytes, header = self.read_encoded(position)
            size = (header.height, header.width)
            if size == self.image_size:
                decode_checked(image_bytes, self.name_of(position))
            return size, None
        except UnreadableImageError as error:
            return None, error.reason
        except OSError as error:
            return None, error.strerror or str(error)

    def _wrong_size(self, sizes):
        received = first_few(
            f"{height}x{width} in {self.name_of(position)}"
            for position, (height, width) in sizes.items()
        )
        return ValueError(
            f"Every image must be {self.image_size[0]}x{self.image_size[1]} "
            "(height x width); align the faces first, with "
            "`keras_sphereface.contract.align_face` or tools/align_faces.py. "
            f"Received: {received}"
        )


def first_few(names, limit=3):
    """Names for an error: the first ones, and how many more.

    Args:
        names: iterable of str.
        limit: int, how many are written out. Defaults to `3`.

    Returns:
        str.
    """
    names = list(names)
    more = len(names) - limit
    return ", ".join(names[:limit]) + (f" and {more} more" if more > 0 else "")
