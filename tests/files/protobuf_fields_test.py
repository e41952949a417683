"""Fields of messages written by hand."""

import pytest

from keras_sphereface.files import (
    protobuf_field,
    protobuf_fields,
    protobuf_pieces,
)

# A varint of two bytes; fields of 8 and 4 bytes; one with a length.
MESSAGE = b"\x08\x80\x01\x11" + bytes(8) + b"\x1d" + bytes(4) + b"\x3a\x02ab"


def fields(content):
    return [
        (n, bytes(part)) for n, part in protobuf_fields(memoryview(content))
    ]


def test_fields_with_a_length_are_found_among_others():
    assert fields(MESSAGE) == [(7, b"ab")]
    assert fields(2 * MESSAGE) == [(7, b"ab")] * 2
    assert fields(b"") == []
    # 300 = 0x2c + 2 * 128, and field 20 = 4 + 16: two bytes each.
    assert fields(b"\xa2\x01\xac\x02" + b"x" * 300) == [(20, b"x" * 300)]


def test_the_pieces_are_the_message():
    pieces = list(protobuf_pieces(memoryview(MESSAGE)))
    assert [number for number, _, _ in pieces] == [1, 2, 3, 7]
    assert b"".join(piece for _, _, piece in pieces) == MESSAGE
    contents = [content for _, content, _ in pieces]
    assert contents == [None, None, None, b"ab"]


@pytest.mark.parametrize("size", [0, 127, 128, 300, 70_000])
def test_a_field_that_is_written_is_read(size):
    assert fields(protobuf_field(20, b"x" * size)) == [(20, b"x" * size)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x0b", "no protobuf field"),  # wire type 3 ended with proto2
        (b"\x02\x00", "no protobuf field"),  # there is no field 0
        (b"\x72\x05abc", "ends 5 bytes after"),
        (b"\x08" + b"\xff" * 11, "does not end"),
        (b"\x08\x00" * 2**15 + b"\x08\x00", "more than 32768 fields"),
    ],
)
def test_what_is_no_message_is_an_error(content, message):
    with pytest.raises(ValueError, match=message):
        fields(content)
