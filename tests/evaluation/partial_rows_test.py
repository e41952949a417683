"""What an extraction takes up again is what it has written."""

import os
import re
import shutil
import warnings

import numpy as np
import pytest

from keras_sphereface.evaluation import extract_embeddings
from keras_sphereface.evaluation.partial_rows import PartialRows

IMAGES = np.random.default_rng(0).integers(1, 256, (23, 2, 2, 3), np.uint8)
JOB = {"num_images": 6, "embedding_dim": 2}
ROWS = np.arange(1, 13, dtype=np.float32).reshape(6, 2)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


def embed(images):
    return images.reshape(len(images), -1).astype("float32")


def begin(path, rows=4, notes=(2, 4)):
    with PartialRows(path, JOB, ROWS[:1]) as output:
        for row in range(output.done, rows):
            output.append(ROWS[row : row + 1])
            if row + 1 in notes:
                output.note()


def finish(path):
    with PartialRows(path, JOB, ROWS[:1]) as output:
        done = output.done
        output.append(ROWS[done:])
        output.finish()
    np.testing.assert_array_equal(np.load(path), ROWS)
    assert list(path.parent.iterdir()) == [path]
    return done


def test_rows_count_from_the_last_note_on(tmp_path):
    begin(tmp_path / "rows.npy", rows=5)
    assert finish(tmp_path / "rows.npy") == 4


def test_parts_are_noted_across_several_runs(tmp_path):
    path = tmp_path / "rows.npy"
    begin(path, rows=3)
    begin(path, rows=5, notes=(4, 5))
    assert finish(path) == 5


@pytest.mark.parametrize(("row", "done"), [(0, 0), (1, 0), (2, 2), (3, 2)])
def test_intact_rows_before_a_damaged_one_are_kept(tmp_path, row, done):
    path = tmp_path / "rows.npy"
    begin(path)
    partial = tmp_path / "rows.npy.partial"
    content = bytearray(partial.read_bytes())
    content[128 + 8 * row + 3] ^= 1
    partial.write_bytes(content)
    with pytest.warns(UserWarning, match=rf"partial is damaged.*image {done} "):
        assert finish(path) == done


def test_a_beginning_that_was_cut_off_is_seen(tmp_path):
    path = tmp_path / "rows.npy"
    begin(path)
    os.truncate(tmp_path / "rows.npy.partial", 128 + 3 * 8)
    with pytest.warns(UserWarning, match="is damaged"):
        assert finish(path) == 2


def test_of_a_thousand_mutations_none_stops_or_changes_a_run(tmp_path):
    """Each flips a byte of what a stopped extraction has left."""
    whole, begun, path = (tmp_path / name for name in ("a", "b", "c"))
    for folder in (whole, begun):
        folder.mkdir()
    expected = extract_embeddings(embed, IMAGES, whole / "rows.npy")
    left = []

    def stopping(images):
        left.append(len(images))
        if len(left) > 4:
            raise KeyboardInterrupt
        return embed(images)

    with pytest.raises(KeyboardInterrupt):
        extract_embeddings(stopping, IMAGES, begun / "rows.npy", batch_size=5)
    names = sorted(item.name for item in begun.iterdir())
    assert names == ["rows.npy.partial", "rows.npy.progress.json"]
    rng, warned = np.random.default_rng(1), 0
    for number in range(1000):
        name = names[number % 2]
        shutil.copytree(begun, path)
        content = bytearray((path / name).read_bytes())
        content[rng.integers(len(content))] ^= rng.integers(1, 256)
        (path / name).write_bytes(content)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = extract_embeddings(
                embed, IMAGES, path / "rows.npy", batch_size=5
            )
        np.testing.assert_array_equal(found, expected)
        for one in caught:
            assert re.search(r"is damaged", str(one.message))
        warned += len(caught)
        shutil.rmtree(path)
    assert warned > 990  # all but other writings of the same JSON
