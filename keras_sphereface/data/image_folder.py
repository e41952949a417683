"""Labeled face crops from a folder with one sub-folder per identity."""

import os

import numpy as np
import tensorflow as tf

from keras_sphereface.contract import IMAGE_SIZE
from keras_sphereface.data.alignment_check import warn_if_unaligned
from keras_sphereface.data.checked_images import examine_once
from keras_sphereface.data.encoded_faces import EncodedFaces, first_few
from keras_sphereface.data.folder_listing import (
    checked_folder,
    list_images,
    no_image,
)
from keras_sphereface.data.registry import register
from keras_sphereface.data.thread_map import map_in_threads

_FAST_NAMES = (".jpg", ".jpeg", ".jpe", ".jfif", ".png")


@register("image_folder")
class ImageFolder(EncodedFaces):
    """Aligned face crops in a folder, one sub-folder per identity.

    Identities are the sub-folders sorted by name; the label of an image is the
    position of its identity. Images are JPEG, PNG, BMP, PGM and PPM, and
    WebP where TensorFlow has `tf.io.decode_webp`, whatever their names. Links
    are followed, hidden files ignored.

    Every file is decoded once, in threads, before training starts. What cannot
    be used is left out with one warning that counts it and says why: files
    that are no such images, corrupt or truncated ones, 16 bits per channel,
    those marked as turned by their EXIF data (which evaluation would turn
    upright and training would not), and folders inside an identity. An image
    of another size, or an identity without a readable image, is an error. For
    10,000 images or more the listing and what a check found are kept in
    `~/.cache/keras_sphereface` until a folder changes.

    Args:
        folder: path of the folder.
        image_size: `(height, width)` every image must have. Defaults to
            `(112, 112)`.
        check_images: bool. `False` starts at once, for a large folder that
            was checked before; a bad file then stops the training, and nothing
            bounds what a hostile one costs. Defaults to `True`.
        identities: list of str, the sub-folders in the order of their labels,
            as an earlier run saved them: its labels then mean the same here,
            also where some of its identities are missing. A sub-folder that is
            not in the list is an error. Defaults to `None`, those there are.

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

    def __init__(
        self,
        folder,
        *,
        image_size=IMAGE_SIZE,
        check_images=True,
        identities=None,
    ):
        super().__init__(image_size)
        self.folder = checked_folder(folder)
        paths_of, left_out, digest = list_images(self.folder)
        self.identities = _checked_identities(identities, paths_of)
        label_of = {name: i for i, name in enumerate(self.identities)}
        self.paths = [path for paths in paths_of.values() for path in paths]
        labels = [label_of[name] for name in paths_of]
        counts = [len(paths) for paths in paths_of.values()]
        self.labels = np.repeat(np.array(labels, np.int32), counts)
        self.unreadable = dict(left_out)
        # A file of another name was looked at, and may be anything.
        self.has_rare_kinds = not all(
            path.lower().endswith(_FAST_NAMES) for path in self.paths
        )
        if check_images:
            bad = examine_once(self, self.folder, digest)
            self._leave_out(bad, paths_of)
        self.warn_of_unreadable("files" if left_out else "image files")
        if check_images:
            warn_if_unaligned(self)

    def read_bytes(self, position):
        with open(self.paths[position], "rb") as file:
            return file.read()

    def bytes_reader(self):
        # Bytes, because a file name need not be valid Unicode; a tensor beside
        # the CPU, because the GPU has better uses for its memory.
        with tf.device("CPU:0"):
            paths = tf.constant([os.fsencode(path) for path in self.paths])
        return lambda position: tf.io.read_file(tf.gather(paths, position))

    def name_of(self, position):
        return self.paths[position]

    def key_of_name(self, name):
        return os.path.relpath(name, self.folder).replace(os.sep, "/")

    def sizes(self):
        def sizes_of(paths):
            return [os.path.getsize(path) for path in paths]

        # In threads, since each look at a network drive waits for an answer.
        sizes = map_in_threads(sizes_of, self.paths)
        return np.fromiter(sizes, np.int64, len(self))

    def reasons(self, names):
        return first_few(
            f"{os.path.relpath(path, self.folder)} ({self.unreadable[path]})"
            for path in names
        )

    def _leave_out(self, bad, paths_of):
        self.unreadable |= {self.paths[one]: bad[one] for one in sorted(bad)}
        keep = np.setdiff1d(np.arange(len(self)), list(bad))
        self.paths = [self.paths[one] for one in keep]
        self.labels = self.labels[keep]
        used = np.bincount(self.labels, minlength=self.num_classes) > 0
        without = [
            name
            for name, is_used in zip(self.identities, used, strict=True)
            if not is_used and name in paths_of
        ]
        if without:
            inside = os.path.join(self.folder, without[0], "")
            broken = [p for p in self.unreadable if p.startswith(inside)]
            raise no_image(
                self.folder, without, hint=f" ({self.reasons(broken)})"
            )


def _checked_identities(identities, paths_of):
    if identities is None:
        return list(paths_of)
    identities = list(identities)
    known = set(identities)
    if len(known) != len(identities):
        raise ValueError(
            "`identities` must name each one once. Received: "
            f"{len(identities)} names, {len(known)} different ones"
        )
    unknown = [name for name in paths_of if name not in known]
    if unknown:
        raise ValueError(
            "`identities` must name every sub-folder, or its label would not "
            f"be known. Received: no {first_few(unknown)} among "
            f"{len(identities)} identities"
        )
    return identities
