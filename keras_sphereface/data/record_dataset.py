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
from keras_sphereface.data.file_ranges import FileRanges
from keras_sphereface.data.header_check import sample_has_rare_kinds
from keras_sphereface.data.record_index import RecordIndex, index_records
from keras_sphereface.data.record_property import check_labels, read_property
from keras_sphereface.data.registry import register


def _holds_records(path):
    return path.endswith(".rec") or bool(_record_names(path))


@register("record_dataset", holds=_holds_records)
class RecordDataset(EncodedFaces):
    """Faces in `train.rec`, as InsightFace ships CASIA-WebFace and MS1M.

    Beside `train.rec` there are `train.idx`, where each record is, and
    `property`, the number of identities and the size of the images. Without
    the index the records are found by scanning; without `property` the number
    of identities is one more than the largest label. Labels that contradict
    `property` are an error, and many identities without an image a warning.
    Nothing is loaded but what a batch needs, in any order; images are of the
    formats of `ImageFolder`.

    What cannot be read is left out with one warning: records that are damaged,
    and images as `ImageFolder` says. For 10,000 images or more, what was found
    is kept in `~/.cache/keras_sphereface` until the files change.

    Args:
        folder: path of the folder that holds `train.rec`, or of the `.rec`
            file.
        image_size: `(height, width)` every image must have. Defaults to
            `None`, what `property` says, or else `(112, 112)`.
        check_images: bool. `False` starts at once; a bad image then stops the
            training, and nothing bounds what a hostile one costs. Defaults to
            `True`.

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
        num_classes, size = read_property(
            os.path.join(os.path.dirname(self.path), "property")
        )
        super().__init__(image_size or size or IMAGE_SIZE)
        self._files = FileRanges([self.path])
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
        is_label, count = check_labels(index.labels, num_classes, self.path)
        self.identities = [str(label) for label in range(count)]
        self.labels = index.labels
        self._drop_labels(is_label)
        if check_images:
            self._leave_out(examine_once(self, self.path, digest))
        else:
            self.has_rare_kinds = sample_has_rare_kinds(self)
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
            np.minimum(self._lengths, self._files.sizes[0] - self._offsets),
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

    def key_of_name(self, name):
        return name.removesuffix(f" of {self.path}")

    def sizes(self):
        return np.asarray(self._lengths, np.int64)

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

    def _drop_labels(self, is_label):
        """Leaves out the records whose labels are none."""
        for position in np.flatnonzero(~is_label):
            self.unreadable[self.name_of(position)] = (
                f"label {self.labels[position]} is not in "
                f"[0, {self.num_classes})"
            )
        self._keep(np.flatnonzero(is_label))
        self.labels = self.labels.astype(np.int32)

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
        starts, ends = np.searchsorted(self.keys[order], ranges).T
        labels = self.labels[order]
        # How often the label has changed up to each image.
        changes = np.append(0, np.cumsum(labels[1:] != labels[:-1]))
        is_some = ends > starts
        starts, ends = starts[is_some], ends[is_some]
        mixed = np.count_nonzero(changes[ends - 1] > changes[starts])
        if mixed:
            warnings.warn(
                f"The images of {mixed} of {len(ranges)} identities of "
                f"{self.path} have more than one label; their own labels are "
                "used.",
                stacklevel=3,
            )


def _record_names(folder):
    """The record files in a folder, in order; none in what is no folder."""
    if not folder or not os.path.isdir(folder):
        return []
    with os.scandir(folder) as entries:
        return sorted(e.name for e in entries if e.name.endswith(".rec"))


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
        names = _record_names(folder)
        found = f", which holds {first_few(names)}; name it" if names else ""
        raise ValueError(
            "`folder` must hold train.rec, or be a .rec file itself. Received: "
            f"folder={folder!r}{found}"
        )
    if not os.path.getsize(path):
        raise ValueError(f"The record file is empty. Received: {path}")
    return path


def _state(path):
    if not os.path.exists(path):
        return path, None
    status = os.stat(path)
    return path, status.st_size, status.st_mtime_ns
