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
