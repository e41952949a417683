"""What a folder of TFRecords says about itself, with checksums."""

import hashlib
import json
import os

from keras_sphereface.files import write_json

MANIFEST_NAME = "manifest.json"
PARTIAL_NAME = "manifest.partial.json"
_FORMAT = "keras_sphereface faces in TFRecords"
_VERSION = 1
_FIELDS = {
    "identities": list,
    "images_per_identity": list,
    "num_images": int,
    "image_size": list,
    "source": str,
    "source_digest": str,
    "images_per_shard": int,
    "shards": list,
}
_SHARD_FIELDS = {
    "file": str,
    "num_images": int,
    "bytes": int,
    "sha256": str,
    "index_sha256": str,
}


class DamagedShardError(ValueError):
    """A shard, its index or the manifest that is not as it was written."""


def write_manifest(path, content):
    """Writes a manifest with its own checksum.

    Args:
        path: str, path of the JSON file.
        content: dict of JSON types.
    """
    content = {"format": _FORMAT, "version": _VERSION, **content}
    write_json(path, {**content, "sha256": _digest(content)})


def read_manifest(path):
    """Reads and checks a manifest.

    Args:
        path: str, path of the JSON file.

    Returns:
        Dict.

    Raises:
        DamagedShardError: it is not a manifest, or was changed.
    """
    try:
        with open(path, encoding="utf-8") as file:
            content = json.load(file)
        expected = content.pop("sha256")
        is_intact = _digest(content) == expected
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
        is_intact = False
    if not is_intact:
        raise DamagedShardError(
            f"The manifest is damaged, cut short or edited. Received: {path}"
        )
    if content.get("format") != _FORMAT or content.get("version") != _VERSION:
        raise DamagedShardError(
            f"{path} must be of format {_FORMAT!r}, version {_VERSION}. "
            f"Received: {content.get('format')!r}, {content.get('version')!r}"
        )
    _check_fields(path, content, _FIELDS)
    for shard in content["shards"]:
        _check_fields(path, shard, _SHARD_FIELDS)
        if os.path.basename(shard["file"]) != shard["file"]:
            raise DamagedShardError(
                f"{path} must name shards beside it. "
                f"Received: {shard['file']!r}"
            )
    names = [shard["file"] for shard in content["shards"]]
    if len(set(names)) != len(names):
        raise DamagedShardError(f"{path} must name each shard once.")
    return content


def index_name(shard_name):
    """The name of the file that says where the images of a shard are.

    Args:
        shard_name: str.

    Returns:
        str.
    """
    return f"{os.path.splitext(shard_name)[0]}.index.npy"


def fault_of(folder, shard, *, check_content=True):
    """What is wrong with a shard, or `None`.

    Args:
        folder: str, where it is.
        shard: dict, its entry in the manifest.
        check_content: bool, whether all bytes are read. Defaults to `True`.

    Returns:
        str or `None`.
    """
    path = os.path.join(folder, shard["file"])
    index_path = os.path.join(folder, index_name(shard["file"]))
    for one in (path, index_path):
        if not os.path.isfile(one):
            return f"{os.path.basename(one)} is missing"
    size = os.path.getsize(path)
    if size != shard["bytes"]:
        return f"{shard['file']} has {size} bytes, not {shard['bytes']}"
    if sha256_of(index_path) != shard["index_sha256"]:
        return f"{os.path.basename(index_path)} is damaged"
    if check_content and sha256_of(path) != shard["sha256"]:
        return f"{shard['file']} is damaged"
    return None


def sha256_of(path):
    """The SHA-256 of a file.

    Args:
        path: str.

    Returns:
        str, 64 hexadecimal digits.
    """
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(2**20):
            digest.update(block)
    return digest.hexdigest()


def _digest(content):
    text = json.dumps(content, sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _check_fields(path, content, fields):
    for name, kind in fields.items():
        if not isinstance(content.get(name), kind):
            raise DamagedShardError(
                f"{path} must have `{name}` of type {kind.__name__}. "
                f"Received: {content.get(name)!r}"
            )
