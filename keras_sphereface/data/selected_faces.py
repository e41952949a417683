"""A training set without some of its images."""

import os
import warnings

import numpy as np
import tensorflow as tf

from keras_sphereface.data.encoded_faces import EncodedFaces, first_few
from keras_sphereface.data.left_out_list import LeftOutImage, read_left_out


class SelectedFaces(EncodedFaces):
    """The images of a set that are not on a list; labels keep their meaning.

    Args:
        faces: `EncodedFaces`.
        leave_out: path of a CSV as `write_left_out` writes it, or an iterable
            of `LeftOutImage` or of the names that `faces.key_of` gives. Each
            must be in `faces`, or be left out of it already.

    Attributes:
        faces: the whole set.
        positions: int array, `[len(self)]`, where each image is in `faces`.
        labels: int32 array, `[len(self)]`, in `[0, num_classes)`.
        identities: list of str, those of `faces`, in the same order.
        unreadable: dict, name of an image left out to the reason.

    Example:

    ```python
    faces = SelectedFaces(ImageFolder("faces"), "left_out.csv")
    ```
    """

    def __init__(self, faces, leave_out):
        super().__init__(faces.image_size)
        self.faces = faces
        self.has_rare_kinds = faces.has_rare_kinds
        self.identities = faces.identities
        reasons = _reasons(leave_out)
        bad, unreadable = {}, dict(faces.unreadable)
        for position in range(len(faces)):
            reason = reasons.pop(faces.key_of(position), None)
            if reason is not None:
                bad[position] = reason
                unreadable[faces.name_of(position)] = reason
        known = {faces.key_of_name(name) for name in faces.unreadable}
        unknown = [key for key in reasons if key not in known]
        if unknown:
            raise ValueError(
                "`leave_out` must name images of the set, as "
                f"{faces.key_of(0)!r} is named. Received: {first_few(unknown)}"
            )
        self.unreadable = unreadable
        if len(bad) == len(faces):
            raise ValueError(
                "`leave_out` must leave some images of the set. Received: "
                f"all {len(faces)}"
            )
        self.positions = np.setdiff1d(np.arange(len(faces)), list(bad))
        self.labels = faces.labels[self.positions]
        self._warn_of_empty_identities()

    def read_bytes(self, position):
        return self.faces.read_bytes(int(self.positions[position]))

    def bytes_reader(self):
        read = self.faces.bytes_reader()
        with tf.device("CPU:0"):
            positions = tf.constant(self.positions)
        return lambda position: read(tf.gather(positions, position))

    def name_of(self, position):
        return self.faces.name_of(int(self.positions[position]))

    def key_of(self, position):
        return self.faces.key_of(int(self.positions[position]))

    def key_of_name(self, name):
        return self.faces.key_of_name(name)

    def sizes(self):
        return self.faces.sizes()[self.positions]

    def _warn_of_empty_identities(self):
        before, after = (
            np.bincount(labels, minlength=self.num_classes)
            for labels in (self.faces.labels, self.labels)
        )
        empty = np.flatnonzero((before > 0) & (after == 0))
        if len(empty):
            names = first_few(self.identities[label] for label in empty)
            warnings.warn(
                f"`leave_out` leaves no image of {len(empty)} identities: "
                f"{names}. Their labels stay, with nothing to learn from.",
                stacklevel=3,
            )


def _reasons(leave_out):
    if isinstance(leave_out, (str, os.PathLike)):
        leave_out = read_left_out(leave_out)
    images = [
        LeftOutImage(each) if isinstance(each, str) else each
        for each in leave_out
    ]
    return {each.image: each.reason or "left out" for each in images}
