import hashlib
import json

import pytest

from keras_sphereface.data.shard_manifest import (
    DamagedShardError,
    fault_of,
    index_name,
    read_manifest,
    sha256_of,
    write_manifest,
)

SHARD = {
    "file": "a.tfrecord",
    "num_images": 2,
    "bytes": 3,
    # SHA-256 of "abc", from FIPS 180-2, and of nothing.
    "sha256": "ba7816bf8f01cfea414140de5dae2223"
    "b00361a396177a9cb410ff61f20015ad",
    "index_sha256": "e3b0c44298fc1c149afbf4c8996fb924"
    "27ae41e4649b934ca495991b7852b855",
}
CONTENT = {
    "identities": ["ann", "王"],
    "images_per_identity": [1, 1],
    "num_images": 2,
    "image_size": [112, 112],
    "source": "ImageFolder",
    "source_digest": "0",
    "images_per_shard": 2,
    "shards": [SHARD],
}


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "manifest.json")


def test_a_manifest_comes_back(path):
    write_manifest(path, CONTENT)
    found = read_manifest(path)
    assert {name: found[name] for name in CONTENT} == CONTENT
    assert found["version"] == 1


@pytest.mark.parametrize("keep", [0, 1, 100, -2])
def test_a_manifest_cut_short_is_damaged(path, keep):
    write_manifest(path, CONTENT)
    with open(path, "rb") as file:
        content = file.read()
    with open(path, "wb") as file:
        file.write(content[:keep])
    with pytest.raises(DamagedShardError, match="damaged"):
        read_manifest(path)


def test_a_shard_stands_once(path):
    write_manifest(path, {**CONTENT, "shards": [SHARD, SHARD]})
    with pytest.raises(DamagedShardError, match="must name each shard once"):
        read_manifest(path)


def test_a_manifest_that_was_edited_is_damaged(path):
    write_manifest(path, CONTENT)
    with open(path, encoding="utf-8") as file:
        content = json.load(file)
    content["num_images"] = 3
    with open(path, "w", encoding="utf-8") as file:
        json.dump(content, file)
    with pytest.raises(DamagedShardError, match="edited"):
        read_manifest(path)


@pytest.mark.parametrize("text", ["[]", "3", "{}", "[" * 10**5])
def test_what_is_no_manifest_is_damaged(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    with pytest.raises(DamagedShardError):
        read_manifest(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version": 2}, "version 1. Received: .*, 2"),
        ({"format": "tar"}, "Received: 'tar'"),
        ({"num_images": "2"}, "`num_images` of type int"),
        ({"shards": [{**SHARD, "bytes": None}]}, "`bytes` of type int"),
        ({"shards": [{**SHARD, "file": "../a"}]}, r"beside it.*'\.\./a'"),
    ],
)
def test_a_wrong_field_is_named(path, changes, message):
    write_manifest(path, {**CONTENT, **changes})
    with pytest.raises(DamagedShardError, match=message):
        read_manifest(path)


def test_a_checksum_is_that_of_the_standard(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256_of(tmp_path / "a") == SHARD["sha256"]
    large = b"x" * (2**20 + 1)  # more than is read at once
    (tmp_path / "a").write_bytes(large)
    assert sha256_of(tmp_path / "a") == hashlib.sha256(large).hexdigest()


def test_a_fault_is_named_and_content_read_if_asked(tmp_path):
    assert index_name("a.tfrecord") == "a.index.npy"
    shard, index = tmp_path / "a.tfrecord", tmp_path / "a.index.npy"
    assert fault_of(tmp_path, SHARD) == "a.tfrecord is missing"
    shard.write_bytes(b"abc")
    assert fault_of(tmp_path, SHARD) == "a.index.npy is missing"
    index.write_bytes(b"")
    assert fault_of(tmp_path, SHARD) is None
    shard.write_bytes(b"abd")
    assert fault_of(tmp_path, SHARD) == "a.tfrecord is damaged"
    assert fault_of(tmp_path, SHARD, check_content=False) is None
    shard.write_bytes(b"ab")
    assert fault_of(tmp_path, SHARD) == "a.tfrecord has 2 bytes, not 3"
    shard.write_bytes(b"abc")
    index.write_bytes(b"x")
    assert fault_of(tmp_path, SHARD) == "a.index.npy is damaged"
