"""Faces in TFRecord shards, read in any order."""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from keras_sphereface.data import listing_cache
from keras_sphereface.data.alignment_check import warn_if_unaligned
from keras_sphereface.data.encoded_faces import EncodedFaces, first_few
from keras_sphereface.data.mapped_files import MappedFiles
from keras_sphereface.data.registry import register
from keras_sphereface.data.shard_manifest import (
    MANIFEST_NAME,
    PARTIAL_NAME,
    DamagedShardError,
    fault_of,
    index_name,
    read_manifest,
)


class TFRecordFolder(EncodedFaces):
    """Faces that `write_tfrecords` or tools/make_tfrecords.py has written.

    The shards are read in any order, image by image, so a pass reorders all of
    them. Every shard is compared with its checksum first; a damaged one is
    named. For 10,000 images or more the outcome is kept in
    `~/.cache/keras_sphereface` until a file changes.

    Args:
        folder: path of the folder.
        check_shards: bool. `False` looks at the sizes only. Defaults to
            `True`.

    Attributes:
        manifest: dict, as in `manifest.json`.
        labels: int32 array, `[len(self)]`, in `[0, num_classes)`.
        identities: list of str, the identity of each label.
        num_classes: int, number of identities.

    Example:

    ```python
    faces = TFRecordFolder("casia_tfrecords")
    dataset = training_dataset(faces, batch_size=64)
    ```
    """

    def __init__(self, folder, *, check_shards=True):
        self.folder = os.fspath(folder)
        self.manifest = _read_manifest(self.folder)
        super().__init__(_size_of(self.manifest))
        self.identities = [str(name) for name in self.manifest["identities"]]
        self._shards = self.manifest["shards"]
        self._check_shards(check_shards)
        self._paths = [
            os.path.join(self.folder, shard["file"]) for shard in self._shards
        ]
        index = [
            np.load(index_name(path), allow_pickle=False)
            for path in self._paths
        ]
        self._places, self.labels = _checked_index(
            self.folder, self.manifest, index
        )
        self._shard_of = np.repeat(
            np.arange(len(index)), [len(rows) for rows in index]
        )
        self._files = MappedFiles(self._paths)
        if check_shards:
            warn_if_unaligned(self)

    def read_bytes(self, position):
        position = range(len(self))[position]  # IndexError past the end
        offset, length = self._places[position]
        return self._files.read(
            int(self._shard_of[position]), int(offset), int(length)
        )

    def bytes_reader(self):
        return self._files.reader(
            self._shard_of, self._places[:, 0], self._places[:, 1]
        )

    def name_of(self, position):
        return f"image {position} in {self._paths[self._shard_of[position]]}"

    def key_of(self, position):
        return f"image {position}"

    def _check_shards(self, check_content):
        states = [_state(self.folder, shard) for shard in self._shards]
        digest = listing_cache.fingerprint(self.manifest, states)
        key = f"{self.folder}:shards"
        is_large = self.manifest["num_images"] >= listing_cache.MIN_IMAGES
        if is_large and listing_cache.read_listing(key, digest) is not None:
            return
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            faults = pool.map(
                lambda shard: fault_of(
                    self.folder, shard, check_content=check_content
                ),
                self._shards,
            )
            faults = [fault for fault in faults if fault]
        if faults:
            raise DamagedShardError(
                f"{len(faults)} of {len(self._shards)} shards of {self.folder} "
                "are not as they were written; remove them and convert again: "
                f"only they are written again. Received: {first_few(faults)}"
            )
        if is_large and check_content:
            listing_cache.write_listing(key, digest, {})


def _read_manifest(folder):
    path = os.path.join(folder, MANIFEST_NAME)
    if not os.path.isfile(path):
        partial = os.path.exists(os.path.join(folder, PARTIAL_NAME))
        hint = (
            "; its conversion was not finished, start it again"
            if partial
            else ""
        )
        raise ValueError(
            f"`folder` must hold {MANIFEST_NAME} and shards. "
            f"Received: folder={folder!r}{hint}"
        )
    return read_manifest(path)


def _size_of(manifest):
    return tuple(manifest["image_size"])


def _state(folder, shard):
    try:
        status = os.stat(os.path.join(folder, shard["file"]))
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def _checked_index(folder, manifest, index):
    """`(places, labels)`: int64 `[num_images, 2]` and int32 `[num_images]`."""
    for shard, rows in zip(manifest["shards"], index, strict=True):
        is_table = rows.ndim == 2 and rows.shape[1:] == (3,)
        if not is_table or len(rows) != shard["num_images"]:
            raise DamagedShardError(
                f"{index_name(shard['file'])} in {folder} must have one row "
                f"per image. Received: shape {rows.shape}"
            )
        if rows.min() < 0 or (rows[:, 0] + rows[:, 1]).max() > shard["bytes"]:
            raise DamagedShardError(
                f"{index_name(shard['file'])} in {folder} points out of its "
                "shard."
            )
    rows = np.concatenate(index)
    num_classes = len(manifest["identities"])
    if len(rows) != manifest["num_images"] or rows[:, 2].max() >= num_classes:
        raise DamagedShardError(
            f"The manifest of {folder} does not fit its shards."
        )
    return rows[:, :2], rows[:, 2].astype(np.int32)


def _holds_shards(path):
    return bool(path) and any(
        os.path.isfile(os.path.join(path, name))
        for name in (MANIFEST_NAME, PARTIAL_NAME)
    )


@register("tfrecord_folder", holds=_holds_shards)
def _open_shards(folder, *, check_images=True, image_size=None):
    faces = TFRecordFolder(folder, check_shards=check_images)
    if image_size is not None and tuple(image_size) != faces.image_size:
        raise ValueError(
            "`image_size` must be that of the shards, "
            f"{faces.image_size}. Received: image_size={image_size}"
        )
    return faces
