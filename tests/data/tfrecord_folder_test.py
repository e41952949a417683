import io
import json
import os
from pathlib import Path

import numpy as np
import pytest
from record_files import IMAGES, LABELS, encoded, write_records

from keras_sphereface.data import (
    AdaFaceAugmentation,
    DamagedShardError,
    ImageFolder,
    RecordDataset,
    TFRecordFolder,
    listing_cache,
    training_dataset,
    write_tfrecords,
)
from keras_sphereface.data.shard_manifest import (
    index_name,
    sha256_of,
    write_manifest,
)

AUGMENTATION = AdaFaceAugmentation(0.5, 0.5, 0.5)


def test_a_folder_comes_back_with_the_same_bytes(source, shards):
    faces = TFRecordFolder(shards)
    assert list(faces) == list(source) == list(zip(IMAGES, LABELS, strict=True))
    assert faces.identities == ["person 0", "person 1", "person 2"]
    assert faces.image_size == (16, 12)
    assert faces.manifest["images_per_identity"] == [3, 2, 5]
    assert [s["num_images"] for s in faces.manifest["shards"]] == [4, 4, 2]


def test_records_come_back_with_the_same_bytes(tmp_path):
    source = RecordDataset(write_records(tmp_path / "rec", IMAGES, LABELS))
    write_tfrecords(source, tmp_path / "out")
    assert list(TFRecordFolder(tmp_path / "out")) == list(source)
    write_tfrecords(TFRecordFolder(tmp_path / "out"), tmp_path / "again")
    assert list(TFRecordFolder(tmp_path / "again")) == list(source)


def test_a_pipeline_gives_the_batches_of_the_folder(source, shards):
    batches = [
        list(training_dataset(faces, 4, seed=3))
        for faces in (source, TFRecordFolder(shards))
    ]
    for (images_a, labels_a), (images_b, labels_b) in zip(
        *batches, strict=True
    ):
        np.testing.assert_array_equal(images_a, images_b)
        np.testing.assert_array_equal(labels_a, labels_b)


def test_damage_is_named_and_only_it_is_written_again(source, shards):
    for name, place in (("faces-00001-of-00003.tfrecord", 100),):
        content = bytearray((shards / name).read_bytes())
        content[place] ^= 4
        (shards / name).write_bytes(content)
    with pytest.raises(
        DamagedShardError, match=r"1 of 3 shards.*faces-00001-of-00003"
    ):
        TFRecordFolder(shards)
    assert len(TFRecordFolder(shards, check_shards=False)) == 10
    done = []
    write_tfrecords(source, shards, images_per_shard=4, progress=done.append)
    assert done == [5, 6, 7, 8, 9, 10]
    assert list(TFRecordFolder(shards)) == list(source)


@pytest.mark.parametrize(
    ("name", "spoil", "message"),
    [
        ("faces-00002-of-00003.tfrecord", lambda c: c[:-1], "bytes, not"),
        ("faces-00002-of-00003.tfrecord", None, "is missing"),
        ("faces-00000-of-00003.index.npy", lambda c: c + b"x", "is damaged"),
        ("faces-00000-of-00003.index.npy", None, "is missing"),
        ("manifest.json", lambda c: c[:-40], "damaged, cut short or edited"),
        (
            "manifest.json",
            lambda c: c.replace(b"person 1", b"person 9"),
            "damaged, cut short or edited",
        ),
        ("manifest.json", lambda c: b"[1]", "damaged, cut short or edited"),
        ("manifest.json", None, "must hold manifest.json"),
    ],
)
def test_every_file_is_checked(shards, name, spoil, message):
    content = (shards / name).read_bytes()
    (shards / name).unlink()
    if spoil is not None:
        (shards / name).write_bytes(spoil(content))
    with pytest.raises(ValueError, match=message):
        TFRecordFolder(shards, check_shards=False)


def test_a_manifest_that_points_elsewhere_is_refused(shards):
    from keras_sphereface.data.shard_manifest import write_manifest

    content = json.loads((shards / "manifest.json").read_text())
    del content["sha256"]
    content["shards"][0]["file"] = "../../secret.tfrecord"
    write_manifest(shards / "manifest.json", content)
    with pytest.raises(DamagedShardError, match="name shards beside it"):
        TFRecordFolder(shards)


def test_checksums_of_a_large_set_are_computed_once(
    shards, tmp_path, monkeypatch
):
    monkeypatch.setenv("KERAS_SPHEREFACE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(listing_cache, "MIN_IMAGES", 5)
    TFRecordFolder(shards)
    path = next(iter(shards.glob("*.tfrecord")))
    status = path.stat()
    content = bytearray(path.read_bytes())
    content[60] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    TFRecordFolder(shards)  # time and size are as they were: not read again
    os.utime(path, ns=(1, 1))
    with pytest.raises(DamagedShardError, match="is damaged"):
        TFRecordFolder(shards)


def test_no_mutation_of_an_index_is_read(shards, tmp_path, monkeypatch):
    """Not even where times and sizes are as when the set was checked."""
    monkeypatch.setenv("KERAS_SPHEREFACE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(listing_cache, "MIN_IMAGES", 5)
    TFRecordFolder(shards)
    path = next(iter(shards.glob("*.index.npy")))
    content, rng = path.read_bytes(), np.random.default_rng(0)
    status = path.stat()
    for _ in range(200):
        mutated = bytearray(content)
        mutated[rng.integers(len(content))] ^= rng.integers(1, 256)
        path.write_bytes(mutated)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        with pytest.raises(DamagedShardError, match=path.name):
            TFRecordFolder(shards)


def sealed(shards, change):
    """Rewrites the first index and all checksums, as a stranger could."""
    path = shards / "faces-00000-of-00003.index.npy"
    path.write_bytes(change(path.read_bytes(), np.load(path)))
    content = json.loads((shards / "manifest.json").read_text())
    del content["sha256"]
    for shard in content["shards"]:
        shard["sha256"] = sha256_of(shards / shard["file"])
        index = shards / index_name(shard["file"])
        shard["index_sha256"] = sha256_of(index)
    write_manifest(shards / "manifest.json", content)


def as_npy(rows):
    stream = io.BytesIO()
    np.save(stream, rows)
    return stream.getvalue()


def changed(rows, column, value):
    rows = rows.copy()
    rows[1, column] = value
    return as_npy(rows)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda _, rows: as_npy(rows[:2]), "one row of three integers"),
        (lambda _, rows: as_npy(rows.astype("f8")), "one row of three"),
        (lambda content, _: content[:-8], "one row of three integers"),
        (
            lambda content, _: content.replace(b"(4, 3)", b"(4, 9)"),
            "one row of three integers",
        ),
        (lambda _, rows: changed(rows, 0, rows[0, 0]), "a place of it twice"),
        (lambda _, rows: changed(rows, 1, 10**6), "out of its shard"),
        (lambda _, rows: changed(rows, 1, 0), "out of its shard"),
        (lambda _, rows: changed(rows, 2, -1), "negative labels"),
    ],
)
def test_an_index_that_was_forged_is_refused(shards, change, message):
    sealed(shards, change)
    with pytest.raises(DamagedShardError, match=message):
        TFRecordFolder(shards, check_shards=False)


def test_a_bomb_among_the_shards_is_not_decoded(shards):
    path = shards / "faces-00000-of-00003.tfrecord"
    content, size = path.read_bytes(), b"\0\x10\0\x0c"
    assert content.count(size) >= 4
    path.write_bytes(content.replace(size, b"\x32\xc8\x32\xc8", 1))
    sealed(shards, lambda content, _: content)
    with pytest.raises(DamagedShardError, match="13000x13000 pixels"):
        TFRecordFolder(shards)


def test_all_kinds_of_images_come_back(tmp_path):
    images = [encoded(0), encoded(1, "BMP"), encoded(2, "PPM")]
    source = RecordDataset(write_records(tmp_path / "rec", images, [0, 1, 2]))
    write_tfrecords(source, tmp_path / "out")
    for check_shards in (True, False):
        faces = TFRecordFolder(tmp_path / "out", check_shards=check_shards)
        assert faces.has_rare_kinds
        np.testing.assert_array_equal(faces.load()[0], source.load()[0])


def test_a_large_folder_is_listed_once(source, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_SPHEREFACE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(listing_cache, "MIN_IMAGES", 5)
    folder = Path(source.folder)
    (folder / "person 1" / "broken.jpg").write_bytes(b"\xff\xd8\xffno")
    with pytest.warns(UserWarning, match="1 of 11"):
        first = ImageFolder(folder, image_size=(16, 12))
    with monkeypatch.context() as patched:
        patched.setattr(ImageFolder, "examine", None)  # never called again
        with pytest.warns(UserWarning, match="1 of 11"):
            again = ImageFolder(folder, image_size=(16, 12))
        assert again.paths == first.paths == source.paths
        # A file repaired in place is good again.
        (folder / "person 1" / "broken.jpg").write_bytes(IMAGES[0])
        assert len(ImageFolder(folder, image_size=(16, 12))) == 11
    (folder / "person 1" / "broken.jpg").unlink()
    assert ImageFolder(folder, image_size=(16, 12)).paths == source.paths
    (folder / "person 3").mkdir()
    (folder / "person 3" / "1.jpg").write_bytes(IMAGES[0])
    assert ImageFolder(folder, image_size=(16, 12)).num_classes == 4


def test_a_pass_resumed_in_its_middle_is_the_same_in_every_format(
    tmp_path, source, shards
):
    rec = RecordDataset(write_records(tmp_path / "rec", IMAGES, LABELS))
    whole = None
    for faces in (source, rec, TFRecordFolder(shards)):
        options = {"seed": 5, "repeat": True, "augment": [AUGMENTATION]}
        batches = list(training_dataset(faces, 3, **options).take(8))
        rest = training_dataset(faces, 3, first_step=4, **options).take(4)
        for (images, labels), (again, again_labels) in zip(
            batches[4:], rest, strict=True
        ):
            np.testing.assert_array_equal(images, again)
            np.testing.assert_array_equal(labels, again_labels)
        whole = batches if whole is None else whole
        for (images, _), (same, _) in zip(whole, batches, strict=True):
            np.testing.assert_array_equal(images, same)
