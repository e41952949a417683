"""Faces in InsightFace's record files, read without MXNet."""

import os
import warnings

import numpy as np
import tensorflow as tf

from keras_sphereface.contract import IMAGE_SIZE
from keras_sphereface.data import listing_cache
from keras_sphereface.data.alignment_check import warn_if_unaligned
from keras_sphereface.data.checked_images import examine_once
from keras_sphereface.data.encoded_faces import EncodedFaces, first_few
from keras_sphereface.data.mapped_files import MappedFiles
from keras_sphereface.data.record_index import RecordIndex, index_records
from keras_sphereface.data.registry import register

_MAX_CLASSES = 2**24  # a label is stored as a float32


def _holds_records(path):
    is_folder = bool(path) and os.path.isfile(os.path.join(path, "train.rec"))
    return path.endswith(".rec") or is_folder


@register("record_dataset", holds=_holds_records)
class RecordDataset(EncodedFaces):
    """Faces in `train.rec`, as InsightFace ships CASIA-WebFace and MS1M.

    Beside `train.rec` there are `train.idx`, where each record is, and
    `property`, the number of identities and the size of the images. Without
    the index the records are found by scanning; without `property` the number
    of identities is one more than the largest label. Nothing is loaded but
    what a batch needs, in any order; both JPEG and PNG.

    What cannot be read is left out with one warning: records that are damaged,
    and images as `ImageFolder` says. For 10,000 images or more, what was found
    is kept in `~/.cache/keras_sphereface` until the files change.

    Args:
        folder: path of the folder that holds `train.rec`, or of the `.rec`
            file.
        image_size: `(height, width)` every image must have. Defaults to
            `None`, what `property` says, or else `(112, 112)`.
        check_images: bool. `False` starts at once; a bad image then stops the
            training. Defaults to `True`.

    Attributes:
        path: str, of the `.rec` file.
        keys: int64 array, `[len(self)]`, the keys of the images in `.idx`.
        labels: int32 array, `[len(self)]`, in `[0, num_classes)`.
        identities: list of str, the labels as text: records have no names.
        num_classes: int, number of identities.
        unreadable: dict, name of a record left out to the reason.

    Example:

    ```python
    faces = RecordDataset("faces_webface_112x112")
    dataset = training_dataset(faces, batch_size=64)
    ```
    """

    def __init__(self, folder, *, image_size=None, check_images=True):
        self.path = _record_path(folder)
        stem = os.path.splitext(self.path)[0]
        num_classes, size = _read_property(
            os.path.join(os.path.dirname(self.path), "property")
        )
        super().__init__(image_size or size or IMAGE_SIZE)
        self._files = MappedFiles([self.path])
        digest = listing_cache.fingerprint(
            *(_state(path) for path in (self.path, f"{stem}.idx"))
        )
        index = self._index(f"{stem}.idx", digest)
        if not len(index.keys):
            found = first_few(map(": ".join, index.damages.items()), 1)
            raise ValueError(
                "`folder` must hold records with images. Received: none in "
                f"{self.path} ({found or 'no record has one'})"
            )
        self.keys, self._joined = index.keys, index.joined
        self._offsets, self._lengths = index.offsets, index.lengths
        self.unreadable = dict(index.damages)
        self.labels = self._checked_labels(index.labels, num_classes)
        count = num_classes or int(self.labels.max()) + 1
        self.identities = [str(label) for label in range(count)]
        if check_images:
            self._leave_out(examine_once(self, self.path, digest))
        self.warn_of_unreadable("records")
        self._check_ranges(index.ranges)
        if check_images:
            warn_if_unaligned(self)

    def read_bytes(self, position):
        position = range(len(self))[position]  # IndexError past the end
        if position in self._joined:
            return self._joined[position]
        return self._files.read(
            0, int(self._offsets[position]), int(self._lengths[position])
        )

    def bytes_reader(self):
        read = self._files.reader(
            np.zeros(len(self), np.int64),
            self._offsets,
            # A record that was cut into parts has its length joined.
            np.minimum(self._lengths, len(self._files.maps[0]) - self._offsets),
        )
        if not self._joined:
            return read
        with tf.device("CPU:0"):
            joined = tf.constant(list(self._joined.values()))
            slots = np.full(len(self), -1, np.int32)
            slots[list(self._joined)] = np.arange(len(self._joined))
            slots = tf.constant(slots)

        def read_or_look_up(index):
            slot = tf.gather(slots, index)
            kept = tf.gather(joined, tf.maximum(slot, 0))
            return tf.where(slot >= 0, kept, read(index))

        return read_or_look_up

    def name_of(self, position):
        return f"record {self.keys[position]} of {self.path}"

    def key_of(self, position):
        return f"record {self.keys[position]}"

    def _index(self, idx_path, digest):
        kept = listing_cache.read_listing(self.path, digest)
        if kept is not None and set(RecordIndex._fields) - {
            "joined",
            "damages",
        } <= set(kept):
            return RecordIndex(joined={}, damages={}, **kept)
        index = index_records(self._files, idx_path)
        is_large = len(index.keys) >= listing_cache.MIN_IMAGES
        if is_large and not index.joined and not index.damages:
            arrays = index._asdict()
            del arrays["joined"], arrays["damages"]
            listing_cache.write_listing(self.path, digest, arrays)
        return index

    def _checked_labels(self, labels, num_classes):
        limit = num_classes or _MAX_CLASSES
        wrong = ~((labels >= 0) & (labels < limit) & (labels % 1 == 0))
        if not wrong.any():
            return labels.astype(np.int32)
        bad = np.flatnonzero(wrong)
        if len(bad) > 0.5 * len(labels):
            raise ValueError(
                f"Labels must be whole numbers in [0, {limit}), which "
                "`property` says if it is there. Received: label "
                f"{labels[bad[0]]} of {self.name_of(bad[0])}"
            )
        for position in bad:
            self.unreadable[self.name_of(position)] = (
                f"label {labels[position]} is not in [0, {limit})"
            )
        self.labels = labels
        self._keep(np.flatnonzero(~wrong))
        return self.labels.astype(np.int32)

    def _leave_out(self, bad):
        for position in sorted(bad):
            self.unreadable[self.name_of(position)] = bad[position]
        if len(bad) == len(self):
            raise ValueError(
                "`folder` must hold images that can be read. Received: none "
                f"of {len(self)} ({self.reasons(self.unreadable)})"
            )
        self._keep(np.setdiff1d(np.arange(len(self)), list(bad)))

    def _keep(self, positions):
        new = {int(old): place for place, old in enumerate(positions)}
        self._joined = {
            new[old]: content
            for old, content in self._joined.items()
            if old in new
        }
        self.keys, self.labels = self.keys[positions], self.labels[positions]
        self._offsets = self._offsets[positions]
        self._lengths = self._lengths[positions]

    def _check_ranges(self, ranges):
        """Warns where the file contradicts itself about who is who."""
        order = np.argsort(self.keys, kind="stable")
        starts = np.searchsorted(self.keys[order], ranges[:, 0])
        ends = np.searchsorted(self.keys[order], ranges[:, 1])
        mixed = sum(
            len(np.unique(self.labels[order[start:end]])) > 1
            for start, end in zip(starts, ends, strict=True)
        )
        if mixed:
            warnings.warn(
                f"The images of {mixed} of {len(ranges)} identities of "
                f"{self.path} have more than one label; their own labels are "
                "used.",
                stacklevel=3,
            )


def _record_path(folder):
    if not isinstance(folder, (str, os.PathLike)):
        raise ValueError(
            f"`folder` must be a path. Received: folder={folder!r}"
        )
    folder = os.fspath(folder)
    path = (
        os.path.join(folder, "train.rec") if os.path.isdir(folder) else folder
    )
    if not path.endswith(".rec") or not os.path.isfile(path):
        raise ValueError(
            "`folder` must hold train.rec, or be a .rec file itself. Received: "
            f"folder={folder!r}"
        )
    if not os.path.getsize(path):
        raise ValueError(f"The record file is empty. Received: {path}")
    return path


def _read_property(path):
    """`(num_classes, image_size)` of a `property` file, or `(None, None)`."""
    if not os.path.exists(path):
        return None, None
    with open(path, "rb") as file:
        text = file.read(256).decode("ascii", "replace").strip()
    fields = text.split(",")
    if len(fields) != 3 or not all(
        f.strip().isdecimal() and 0 < int(f) <= _MAX_CLASSES for f in fields
    ):
        raise ValueError(
            "`property` must say number of identities, height and width, such "
            f"as 10572,112,112. Received: {text[:80]!r} in {path}"
        )
    num_classes, height, width = map(int, fields)
    return num_classes, (height, width)


def _state(path):
    if not os.path.exists(path):
        return path, None
    status = os.stat(path)
    return path, status.st_size, status.st_mtime_ns
