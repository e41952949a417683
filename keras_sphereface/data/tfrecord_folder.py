"""Faces in TFRecord shards, read in any order."""

import hashlib
import io
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from keras_sphereface.data import listing_cache
from keras_sphereface.data.alignment_check import warn_if_unaligned
from keras_sphereface.data.encoded_faces import EncodedFaces, first_few
from keras_sphereface.data.file_ranges import FileRanges
from keras_sphereface.data.header_check import (
    check_headers,
    sample_has_rare_kinds,
)
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
    named. So is an image whose header says that it should not be decoded: of
    another size, or larger than its bytes account for. For 10,000 images or
    more the outcome is kept in `~/.cache/keras_sphereface` until a file
    changes.

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
        self._digest = self._check_shards(check_shards)
        self._paths = [
            os.path.join(self.folder, shard["file"]) for shard in self._shards
        ]
        index = [
            _read_index(path, shard)
            for path, shard in zip(self._paths, self._shards, strict=True)
        ]
        self._places, self.labels = _checked_index(
            self.folder, self.manifest, index
        )
        self._shard_of = np.repeat(
            np.arange(len(index)), [len(rows) for rows in index]
        )
        self._files = FileRanges(self._paths)
        if check_shards:
            self._check_images()
            warn_if_unaligned(self)
        else:
            self.has_rare_kinds = sample_has_rare_kinds(self)

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

    def key_of_name(self, name):
        return name.partition(" in ")[0]

    def sizes(self):
        return np.asarray(self._places[:, 1], np.int64)

    def _check_shards(self, check_content):
        """Compares the shards with their checksums; what they are now."""
        states = [_state(self.folder, shard) for shard in self._shards]
        digest = listing_cache.fingerprint(self.manifest, states)
        if self._kept(digest):
            return digest
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
        return digest

    def _check_images(self):
        """Reads the headers, so that nothing unfit is ever decoded."""
        kept = self._kept(self._digest)
        if kept:
            self.has_rare_kinds = bool(kept["rare"])
            return
        faults = check_headers(self)
        if faults:
            few = first_few(f"{name} ({why})" for name, why in faults.items())
            raise DamagedShardError(
                f"{len(faults)} images in {self.folder} cannot be used for "
                "training; convert the set again with `check_images`. "
                f"Received: {few}"
            )
        if len(self) >= listing_cache.MIN_IMAGES:
            listing = {"rare": np.array(self.has_rare_kinds)}
            listing_cache.write_listing(self._key, self._digest, listing)

    @property
    def _key(self):
        return f"{self.folder}:shards"

    def _kept(self, digest):
        """What an earlier check of a large set has found, or `None`."""
        if self.manifest["num_images"] < listing_cache.MIN_IMAGES:
            return None
        kept = listing_cache.read_listing(self._key, digest)
        return kept if kept and "rare" in kept else None


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


def _read_index(path, shard):
    """The index of a shard; nothing is parsed that is not as it was written."""
    with open(index_name(path), "rb") as file:
        content = file.read()
    if hashlib.sha256(content).hexdigest() != shard["index_sha256"]:
        raise DamagedShardError(
            f"The index is not as it was written. Received: {index_name(path)}"
        )
    stream = io.BytesIO(content)
    try:
        np.lib.format.read_magic(stream)
        shape, by_columns, dtype = np.lib.format.read_array_header_1_0(stream)
    except ValueError:
        shape, by_columns, dtype = None, False, None
    expected = (shard["num_images"], 3)
    size = len(content) - stream.tell()
    if shape != expected or by_columns or dtype != np.int64:
        shape = None
    if shape is None or size != 24 * shard["num_images"]:
        raise DamagedShardError(
            f"{index_name(path)} must have one row of three integers per "
            f"image, {shard['num_images']} in all."
        )
    return np.frombuffer(content, np.int64, offset=stream.tell()).reshape(shape)


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
        starts, lengths, labels = rows.T
        ends = np.append(starts[1:], shard["bytes"])
        # Images lie one behind another, so that no byte counts twice.
        is_apart = (lengths <= ends - starts).all()
        if (starts < 0).any() or (lengths < 1).any() or not is_apart:
            raise DamagedShardError(
                f"{index_name(shard['file'])} in {folder} points out of its "
                "shard, or to a place of it twice."
            )
        if (labels < 0).any():
            raise DamagedShardError(
                f"{index_name(shard['file'])} in {folder} has negative labels."
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
