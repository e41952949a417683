"""Properties of an ONNX file, from bytes written by hand."""

import pytest

from keras_sphereface.edge.onnx_file import (
    read_model_property,
    replace_model_property,
)


def field(number, content):
    """A protobuf field with a length, of less than 128 bytes."""
    return bytes([number << 3 | 2, len(content)]) + content


def entry(key, value):
    return field(14, field(1, key) + field(2, value))


# ir_version, a varint of two bytes; fields of 8 and 4 bytes; a graph.
OTHERS = b"\x08\x80\x01" + b"\x11" + bytes(8) + b"\x1d" + bytes(4)
MODEL = OTHERS + field(7, b"graph") + entry(b"a", b"1") + entry(b"b", b"22")


@pytest.mark.parametrize(("name", "value"), [("a", b"1"), ("b", b"22")])
def test_a_property_is_found_among_other_fields(name, value):
    assert read_model_property(MODEL, name) == value


def test_a_property_that_is_not_there_is_none():
    assert read_model_property(MODEL, "c") is None
    assert read_model_property(b"", "a") is None


def test_a_property_without_a_value_is_empty():
    assert read_model_property(field(14, field(1, b"a")), "a") == b""


def test_lengths_of_several_bytes_are_read():
    value = b"x" * 300
    inner = field(1, b"k") + b"\x12\xac\x02" + value  # 300 = 0x2c + 2 * 128
    content = b"\x72" + bytes([len(inner) & 127 | 128, len(inner) >> 7]) + inner
    assert read_model_property(content, "k") == value


def test_what_is_no_message_is_an_error():
    with pytest.raises(ValueError, match="ends 5 bytes after"):
        read_model_property(b"\x72\x05abc", "a")


def test_a_property_is_replaced_and_nothing_else_changes():
    value = b"x" * 300
    content = replace_model_property(MODEL, "a", value)
    assert read_model_property(content, "a") == value
    rest = OTHERS + field(7, b"graph") + entry(b"b", b"22")
    assert content.startswith(rest)
    assert replace_model_property(content, "a", b"1") == rest + entry(
        b"a", b"1"
    )


def test_there_must_be_one_to_replace():
    with pytest.raises(ValueError, match="there is no c"):
        replace_model_property(MODEL, "c", b"")
