"""Shards as they are written, stopped and gone on with."""

import os

import numpy as np
import pytest
import tensorflow as tf
from record_files import IMAGES, LABELS

from keras_sphereface.data import (
    TFRecordFolder,
    open_faces,
    tfrecord_writer,
    write_tfrecords,
)


def test_any_reader_of_tfrecords_can_read_them(shards):
    features = {
        "image": tf.io.FixedLenFeature([], tf.string),
        "label": tf.io.FixedLenFeature([], tf.int64),
    }
    paths = sorted(map(str, shards.glob("*.tfrecord")))
    found = [
        tf.io.parse_single_example(record, features)
        for record in tf.data.TFRecordDataset(paths)
    ]
    assert [one["image"].numpy() for one in found] == IMAGES
    assert [int(one["label"]) for one in found] == LABELS


def test_a_conversion_that_was_stopped_goes_on(tmp_path, source, monkeypatch):
    done = []

    def stop(count):
        done.append(count)
        if count == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_tfrecords(
            source, tmp_path / "out", images_per_shard=3, progress=stop
        )
    assert done == list(range(1, 8))
    with pytest.raises(ValueError, match="conversion was not finished"):
        open_faces(tmp_path / "out")
    first = tmp_path / "out" / "faces-00000-of-00004.tfrecord"
    written = first.stat().st_mtime_ns
    done.clear()
    write_tfrecords(
        source, tmp_path / "out", images_per_shard=3, progress=done.append
    )
    assert done == [7, 8, 9, 10]  # the two complete shards are kept
    assert first.stat().st_mtime_ns == written
    assert list(TFRecordFolder(tmp_path / "out")) == list(source)
    left = sorted(os.listdir(tmp_path / "out"))
    assert left == sorted(
        [f"faces-{n:05d}-of-00004.tfrecord" for n in range(4)]
        + [f"faces-{n:05d}-of-00004.index.npy" for n in range(4)]
        + ["manifest.json"]
    )
    monkeypatch.setattr(tfrecord_writer, "_write_shard", None)
    write_tfrecords(source, tmp_path / "out", images_per_shard=3)  # all there


def test_another_source_does_not_go_on_with_the_shards(source, shards):
    with pytest.raises(ValueError, match="images_per_shard differ"):
        write_tfrecords(source, shards, images_per_shard=5)
    source.labels = source.labels[::-1].copy()
    with pytest.raises(ValueError, match="another source"):
        write_tfrecords(source, shards, images_per_shard=4)


def test_a_folder_with_other_files_is_left_alone(source, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("stays")
    with pytest.raises(ValueError, match=r"must be new.*mine\.txt"):
        write_tfrecords(source, tmp_path / "out")
    with pytest.raises(ValueError, match="`source` must be an ImageFolder"):
        write_tfrecords([1, 2], tmp_path / "new")


def test_the_index_says_where_each_image_is(shards):
    place = 0
    for number in range(3):
        name = f"faces-{number:05d}-of-00003"
        content = (shards / f"{name}.tfrecord").read_bytes()
        for start, length, label in np.load(shards / f"{name}.index.npy"):
            assert content[start : start + length] == IMAGES[place]
            assert label == LABELS[place]
            place += 1
    assert place == 10


@pytest.mark.parametrize("size", [0, -1, 2.5])
def test_a_shard_holds_an_image_at_least(source, tmp_path, size):
    with pytest.raises(ValueError, match="`images_per_shard`"):
        write_tfrecords(source, tmp_path / "new", images_per_shard=size)
