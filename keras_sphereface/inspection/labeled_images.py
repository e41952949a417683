"""The images of a labeled set, whatever form they have."""

import numpy as np

from keras_sphereface.contract import (
    StoredImages,
    list_images,
    read_image,
    read_images,
)


class LabeledImages:
    """What an inspection reads of a set: pixels, labels and names.

    Args:
        faces: `ImageFolder`, `RecordDataset`, `TFRecordFolder` or another
            `EncodedFaces`; an object whose `load()` returns images and labels,
            such as `SyntheticFaces`; or the pair `(images, labels)`, images in
            any form of `contract.list_images`, labels int, `[num_images]`.
        name: str, what an error calls the argument. Defaults to `"faces"`.

    Attributes:
        images: sequence of what `contract.read_image` takes.
        labels: int array, `[len(self)]`, in `[0, num_classes)`.
        identities: list of str, the identity of each label.
        num_classes: int, number of identities.
        unreadable: dict, name of an image left out to the reason.
    """

    def __init__(self, faces, name="faces"):
        images, self.labels = _parts(faces, name)
        self.images = inspected_images(name, images)
        if self.labels.shape != (len(self.images),):
            raise ValueError(
                f"`{name}` must have one label per image, "
                f"{len(self.images)}. Received: labels of shape "
                f"{self.labels.shape}"
            )
        count = getattr(faces, "num_classes", int(self.labels.max()) + 1)
        self.identities = getattr(faces, "identities", None) or [
            str(label) for label in range(count)
        ]
        self.unreadable = getattr(faces, "unreadable", {})
        self._name_of = getattr(faces, "name_of", None) or self._own_name
        self.key_of = getattr(faces, "key_of", None) or self.name_of

    @classmethod
    def of(cls, faces, name="faces"):
        """A set in this form; one that has it already is returned as it is.

        Args:
            faces: `LabeledImages`, or what the constructor takes.
            name: str, as in the constructor.

        Returns:
            `LabeledImages`.
        """
        return faces if isinstance(faces, cls) else cls(faces, name)

    @property
    def num_classes(self):
        return len(self.identities)

    def __len__(self):
        return len(self.labels)

    def name_of(self, position):
        """What errors and pages call an image.

        Args:
            position: int, in `[0, len(self))`.

        Returns:
            str.
        """
        return self._name_of(position)

    def pixels(self, position):
        """One image, of any size.

        Args:
            position: int, in `[0, len(self))`.

        Returns:
            Uint8 array, `[height, width, 3]`.

        Raises:
            ImageError: it cannot be read.
            OSError: its file is missing or cannot be opened.
        """
        return read_image(self.images[int(position)])

    def _own_name(self, position):
        if isinstance(self.images, list):
            source = self.images[position]
            if not isinstance(source, (bytes, bytearray, np.ndarray)):
                return str(source)
        return f"image {position}"


def _parts(faces, name):
    if hasattr(faces, "read_bytes") and hasattr(faces, "labels"):
        labels = np.asarray(faces.labels)
        return StoredImages(faces, np.arange(len(labels))), labels
    if hasattr(faces, "load"):
        faces = faces.load()
    if not isinstance(faces, (tuple, list)) or len(faces) != 2:
        raise ValueError(
            f"`{name}` must be a data set, an object whose `load()` returns "
            "images and labels, or a pair `(images, labels)`. Received: "
            f"{name} of type {type(faces).__name__}"
        )
    images, labels = faces[0], np.asarray(faces[1])
    if labels.dtype.kind not in "iu" or (labels < 0).any():
        raise ValueError(
            f"Labels of `{name}` must be integers of at least 0. Received: "
            f"labels.dtype={labels.dtype}"
        )
    return images, labels


def inspected_images(name, images):
    """Images as a sequence, with pixels of whole numbers.

    Args:
        name: str, what an error calls the argument.
        images: in any form of `contract.list_images`.

    Returns:
        Sequence of what `contract.read_image` takes.
    """
    images = list_images(name, images)
    if isinstance(images, np.ndarray):
        return _rounded(name, images)
    if isinstance(images, list):
        return [
            _rounded(f"{name}[{index}]", source[None])[0]
            if isinstance(source, np.ndarray)
            else source
            for index, source in enumerate(images)
        ]
    return images


def _rounded(name, images):
    if images.dtype == np.uint8:
        return images
    return np.rint(read_images(name, images)).astype(np.uint8)
