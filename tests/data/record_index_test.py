"""What an index makes of keys that float32 cannot tell apart."""

import struct
import tracemalloc
import warnings

import numpy as np
import pytest
from record_files import MAGIC, encoded, frame, payload

from keras_sphereface.data import RecordDataset
from keras_sphereface.data.file_ranges import FileRanges
from keras_sphereface.data.record_index import (
    _keys_of,
    _least_before_rounding,
    index_records,
)

LAST_EXACT = 2**24


def write_identities(folder, first_key):
    """Two identities of three images each, with keys from `first_key` on."""
    images = [payload(encoded(seed), seed // 3) for seed in range(6)]
    ranges = [[first_key, first_key + 3], [first_key + 3, first_key + 6]]
    contents = [*images, *(payload(b"", keys) for keys in ranges)]
    lines, place = [], 0
    with open(folder / "train.rec", "wb") as file:
        for key, content in enumerate(contents, first_key):
            lines.append(f"{key}\t{place}\n")
            place += file.write(frame(0, content))
    (folder / "train.idx").write_text("".join(lines))
    (folder / "property").write_text("2,16,12")
    return folder


@pytest.mark.parametrize("first_key", [1, LAST_EXACT - 6, LAST_EXACT + 2])
def test_rounded_ranges_do_not_mix_up_identities(first_key, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        faces = RecordDataset(write_identities(tmp_path, first_key))
    assert [int(label) for _, label in faces] == [0, 0, 0, 1, 1, 1]


def test_ranges_that_are_exact_still_tell(tmp_path):
    write_identities(tmp_path, 1)
    content = bytearray((tmp_path / "train.rec").read_bytes())
    place = content.index(struct.pack("<ff", 1, 4))
    content[place : place + 8] = struct.pack("<ff", 1, 5)
    (tmp_path / "train.rec").write_bytes(content)
    with pytest.warns(UserWarning, match="1 of 2 identities"):
        RecordDataset(tmp_path)


def test_bytes_count_once(tmp_path):
    """An index that leads into a record makes it damaged, not its own."""
    inner = frame(0, payload(encoded(1), 0))
    outer = frame(0, payload(b"", 0) + inner)
    content = outer + frame(0, payload(encoded(2), 0)) * 4
    (tmp_path / "train.rec").write_bytes(content)
    size = len(outer)
    step = (len(content) - size) // 4
    places = [0, 8 + 24, *range(size, len(content), step)]
    lines = [f"{key}\t{place}\n" for key, place in enumerate(places)]
    (tmp_path / "train.idx").write_text("".join(lines))
    with pytest.warns(UserWarning, match=r"record 0 \(no record at byte 0"):
        faces = RecordDataset(tmp_path, image_size=(16, 12))
    assert faces.keys.tolist() == [1, 2, 3, 4, 5]
    assert faces.read_bytes(0) == encoded(1)


def test_overlapping_parts_do_not_add_up(tmp_path):
    """A thousand records that share their last part, of a megabyte."""
    count, image = 1000, payload(encoded(0), 0)
    last = frame(3, bytes(1_000_000))
    heads = b"".join(
        MAGIC + (1 << 29 | 8 * (count - n - 1)).to_bytes(4, "little")
        for n in range(count)
    )
    good = frame(0, image) * (count + 9)
    (tmp_path / "train.rec").write_bytes(heads + last + good)
    starts = [8 * n for n in range(count)]
    starts += range(
        len(heads + last), len(heads + last + good), len(good) // (count + 9)
    )
    lines = [f"{key}\t{place}\n" for key, place in enumerate(starts)]
    (tmp_path / "train.idx").write_text("".join(lines))
    files = FileRanges([str(tmp_path / "train.rec")])
    tracemalloc.start()
    index = index_records(files, str(tmp_path / "train.idx"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(index.damages) == count
    assert len(index.keys) == count + 9
    assert peak < 10_000_000


def test_ids_are_keys_where_they_count_the_records():
    heads = np.zeros((4, 6), np.int64)
    heads[:, 2] = [1, 2, 3, 0]
    assert _keys_of(heads).tolist() == [1, 2, 3, 0]
    for ids in ([0, 0, 0, 0], [1, 2, 3, 4], [0, 1, 1, 2]):
        heads[:, 2] = ids
        assert _keys_of(heads).tolist() == [0, 1, 2, 3]
    heads[:, 2:4] = [[0, 0], [0, 1], [1, 0], [2, 0]]
    assert _keys_of(heads).tolist() == [0, 1, 2, 3]


def test_a_count_is_at_least_what_was_rounded_to_it():
    generator = np.random.default_rng(0)
    counts = [1, LAST_EXACT - 1, LAST_EXACT, LAST_EXACT + 1, 2**25 + 2]
    counts += generator.integers(LAST_EXACT, 2**28, 100).tolist()
    for count in counts:
        least = _least_before_rounding(float(np.float32(count)))
        # Off by no more than the step from one float32 to the next.
        assert 0 <= count - least <= np.spacing(np.float32(count))
    assert _least_before_rounding(17_451_890.0) == 17_451_889
    for value in (np.nan, np.inf, -np.inf, 0.0, -5.0, 2.0**32):
        assert _least_before_rounding(value) == 0
