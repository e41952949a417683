"""Frames of records, written as the description of the format says."""

import numpy as np
import pytest
from record_files import MAGIC, frame, frames

from keras_sphereface.data.record_file import (
    DamagedRecordError,
    frames_at,
    join_parts,
    read_words,
    scan,
)


def as_array(content):
    return np.frombuffer(content, np.uint8)


WHOLE = frame(0, b"12345")  # 8 bytes of head, 5, and 3 of padding
CUT = frames(b"ab__" + MAGIC + b"c")  # the magic is left out: two parts


def test_kinds_and_lengths_are_read_at_once():
    content = WHOLE + CUT
    kinds, lengths = frames_at(
        as_array(content), np.array([0, 16, len(CUT) // 2 + 16])
    )
    assert kinds.tolist() == [0, 1, 3]
    assert lengths.tolist() == [5, 4, 1]


@pytest.mark.parametrize("offset", [-4, 4, 9, 12, 1000])
def test_where_no_frame_is_there_is_none(offset):
    kinds, _ = frames_at(as_array(WHOLE), np.array([offset]))
    assert kinds.tolist() == [-1]


def test_a_payload_past_the_end_is_no_frame():
    kinds, lengths = frames_at(as_array(WHOLE[:12]), np.array([0]))
    assert (kinds.tolist(), lengths.tolist()) == ([-1], [5])


def test_words_are_little_endian():
    content = as_array(bytes([9, 1, 0, 0, 0, 0, 2, 0, 0]))
    assert read_words(content, np.array([1]), 2).tolist() == [[1, 512]]


def test_records_are_found_without_an_index():
    offsets, damages = scan(WHOLE + CUT + WHOLE)
    assert offsets.tolist() == [0, 16, 16 + len(CUT)]
    assert damages == []


def test_after_damage_the_next_record_is_found():
    offsets, damages = scan(WHOLE + b"????" + WHOLE)
    assert (offsets.tolist(), damages) == ([0, 20], [16])
    # A first part whose last is missing.
    first = CUT[: len(CUT) // 2]
    offsets, damages = scan(first + WHOLE)
    assert (offsets.tolist(), damages) == ([len(first)], [0])
    # A last part alone, and a file that ends in one's head.
    offsets, damages = scan(frame(3, b"abcd") + WHOLE[:6])
    assert (offsets.tolist(), damages) == ([], [0])


class Counted:
    """Bytes that count how many of them are read."""

    def __init__(self, content):
        self.content, self.read = content, 0

    def __len__(self):
        return len(self.content)

    def __getitem__(self, places):
        part = self.content[places]
        self.read += len(part)
        return part


@pytest.mark.parametrize(
    "content",
    [
        # Heads that each claim all that follows, and lead nowhere.
        b"".join(
            MAGIC + (1 << 29 | 8 * (4000 - n - 1)).to_bytes(4, "little")
            for n in range(4000)
        ),
        frame(1, b"") * 4000,
        frame(1, b"") * 2000 + frame(2, b"") * 2000,
        (frame(1, b"") + frame(2, b"")) * 2000,
        MAGIC * 8000,
        MAGIC + bytes(32_000),
    ],
    ids=["nested", "firsts", "chain", "pairs", "marks", "zeros"],
)
def test_a_hostile_file_is_read_a_few_times_at_most(content):
    counted = Counted(content)
    scan(counted)
    assert counted.read < 6 * len(content)


def test_a_chain_of_parts_that_breaks_loses_no_record_behind_it():
    chain = frame(1, b"abcd") + frame(2, b"abcd") * 3
    offsets, damages = scan(chain + WHOLE)
    assert (offsets.tolist(), damages) == ([len(chain)], [0])


def test_parts_end_where_the_next_record_begins():
    assert join_parts(CUT + CUT, 0, len(CUT)) == b"ab__" + MAGIC + b"c"
    with pytest.raises(DamagedRecordError, match="no part at byte 12"):
        join_parts(CUT, 0, len(CUT) - 4)


def test_parts_are_joined_by_the_magic():
    assert join_parts(CUT, 0) == b"ab__" + MAGIC + b"c"
    many = b"1234" + MAGIC + b"" + MAGIC + b"5"
    assert join_parts(WHOLE + frames(many), 16) == many


def test_a_missing_part_is_named():
    first = CUT[: len(CUT) // 2]
    for content in (first, first + WHOLE, first + first):
        with pytest.raises(
            DamagedRecordError, match=r"byte 0 is missing.*at byte 12"
        ):
            join_parts(content, 0)
