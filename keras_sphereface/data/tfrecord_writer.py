"""Faces into TFRecord shards, resumable and checksummed."""

import errno
import hashlib
import math
import os

import numpy as np
import tensorflow as tf

from keras_sphereface.contract.arguments import check_integer
from keras_sphereface.data.encoded_faces import EncodedFaces
from keras_sphereface.data.shard_manifest import (
    MANIFEST_NAME,
    PARTIAL_NAME,
    fault_of,
    index_name,
    read_manifest,
    sha256_of,
    write_manifest,
)
from keras_sphereface.files import new_file, new_stream

_FRAME_HEAD, _FRAME_TAIL = 12, 4  # length and its checksum; of the record


def write_tfrecords(source, folder, *, images_per_shard=32_768, progress=None):
    """Writes encoded images and labels as TFRecords.

    Each record is a `tf.train.Example` with the features `image`, the bytes as
    they are in the source, and `label`, so that any reader of TFRecords can
    use them. Beside each shard stands the place of its images, for reading in
    any order; `manifest.json` has identities, counts, image size, source and
    the checksums of all files.

    If killed, it resumes after the last complete shard when called again
    with the same source.

    Args:
        source: `ImageFolder`, `RecordDataset` or `TFRecordFolder`.
        folder: path of the folder to write; made if it is missing.
        images_per_shard: int, at least 1. Defaults to `32_768`, about 300 MB
            of 112x112 JPEG.
        progress: function that is told the number of images done after each
            image, or `None`. Defaults to `None`.

    Returns:
        Dict, the manifest.

    Example:

    ```python
    write_tfrecords(RecordDataset("faces_webface_112x112"), "casia_tfrecords")
    faces = TFRecordFolder("casia_tfrecords")
    ```
    """
    if not isinstance(source, EncodedFaces):
        raise ValueError(
            "`source` must be an ImageFolder, a RecordDataset or a "
            f"TFRecordFolder. Received: source of type {type(source).__name__}"
        )
    size = check_integer("images_per_shard", images_per_shard, at_least=1)
    folder = os.fspath(folder)
    os.makedirs(folder, exist_ok=True)
    count = math.ceil(len(source) / size)
    content = _describe(source, size)
    shards = _finished_shards(folder, content, count)
    if len(shards) == count and _is_complete(folder):
        return read_manifest(os.path.join(folder, MANIFEST_NAME))
    for number in range(len(shards), count):
        positions = range(number * size, min((number + 1) * size, len(source)))
        name = f"faces-{number:05d}-of-{count:05d}.tfrecord"
        shards.append(_write_shard(source, positions, folder, name, progress))
        write_manifest(
            os.path.join(folder, PARTIAL_NAME), {**content, "shards": shards}
        )
    path = os.path.join(folder, MANIFEST_NAME)
    write_manifest(path, {**content, "shards": shards})
    os.remove(os.path.join(folder, PARTIAL_NAME))
    return read_manifest(path)


def _describe(source, images_per_shard):
    counts = np.bincount(source.labels, minlength=source.num_classes)
    digest = hashlib.sha256(source.labels.tobytes())
    digest.update(repr(source.identities).encode())
    for position in range(len(source)):
        name = os.path.basename(source.name_of(position))
        digest.update(name.encode("utf-8", "surrogateescape") + b"\0")
    return {
        "identities": source.identities,
        "images_per_identity": counts.tolist(),
        "num_images": len(source),
        "image_size": list(source.image_size),
        "source": type(source).__name__,
        "source_digest": digest.hexdigest(),
        "images_per_shard": images_per_shard,
    }


def _is_complete(folder):
    return os.path.exists(os.path.join(folder, MANIFEST_NAME))


def _finished_shards(folder, content, count):
    """Entries of the shards that an earlier call completed."""
    for name in (MANIFEST_NAME, PARTIAL_NAME):
        path = os.path.join(folder, name)
        if os.path.exists(path):
            break
    else:
        others = [n for n in os.listdir(folder) if not n.startswith(".")]
        # A shard may have been completed just before its entry was written.
        if not all(_is_ours(name) for name in others):
            raise ValueError(
                "`folder` must be new, empty or an unfinished conversion. "
                f"Received: folder={folder!r} with {sorted(others)[0]}"
            )
        return []
    before = read_manifest(path)
    shards = before.pop("shards")
    changed = [key for key in content if before[key] != content[key]]
    if changed:
        raise ValueError(
            "`folder` has shards of another source or of other settings; "
            "remove it, or write to another one. Received: "
            f"folder={folder!r}, where {' and '.join(changed)} differ"
        )
    intact = []
    for shard in shards[:count]:
        if fault_of(folder, shard):
            break
        intact.append(shard)
    return intact


def _is_ours(name):
    return name.startswith("faces-") and name.endswith(
        (".tfrecord", ".index.npy")
    )


def _write_shard(source, positions, folder, name, progress):
    path = os.path.join(folder, name)
    with new_file(path) as temporary:
        try:
            index, size = _write_records(
                source, positions, os.fspath(temporary), progress
            )
        except tf.errors.OpError as error:  # it names the temporary file
            raise OSError(errno.EIO, error.message, path) from error
        if os.path.getsize(temporary) != size:
            raise OSError(errno.EIO, "The file was not written whole", path)
        digest = sha256_of(temporary)
    index_path = os.path.join(folder, index_name(name))
    with new_stream(index_path) as stream:
        np.save(stream, index)
    return {
        "file": name,
        "num_images": len(positions),
        "bytes": size,
        "sha256": digest,
        "index_sha256": sha256_of(index_path),
    }


def _write_records(source, positions, path, progress):
    """`(index, size)`: int64 `[num_images, 3]`, and the bytes of the file."""
    index = np.empty((len(positions), 3), np.int64)
    start = 0
    with tf.io.TFRecordWriter(path) as writer:
        for row, position in enumerate(positions):
            image = source.read_bytes(position)
            label = int(source.labels[position])
            record = _example(image, label)
            writer.write(record)
            # Where the image begins in the file, to read it alone.
            place = start + _FRAME_HEAD + record.index(image)
            index[row] = place, len(image), label
            start += _FRAME_HEAD + len(record) + _FRAME_TAIL
            if progress is not None:
                progress(position + 1)
    return index, start


def _example(image, label):
    feature = {
        "image": tf.train.Feature(bytes_list=tf.train.BytesList(value=[image])),
        "label": tf.train.Feature(int64_list=tf.train.Int64List(value=[label])),
    }
    example = tf.train.Example(features=tf.train.Features(feature=feature))
    return example.SerializeToString(deterministic=True)
