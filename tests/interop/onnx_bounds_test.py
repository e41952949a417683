"""Bytes of ONNX files that are no weights, from fields written by hand."""

import pytest

from keras_sphereface.interop import WeightsFileError, onnx_bounds
from keras_sphereface.interop.onnx_bounds import check_structure

MUCH = bytes(2000)


@pytest.fixture(autouse=True)
def few_bytes(monkeypatch):
    monkeypatch.setattr(onnx_bounds, "MAX_STRUCTURE_BYTES", 1000)
    monkeypatch.setattr(onnx_bounds, "MAX_WALKED_BYTES", 500)


def field(number, content):
    """A field with a length, of up to 2^28 bytes."""
    size = len(content)
    length = bytes((size >> 7 * i & 127) | 128 * (i < 3) for i in range(4))
    return bytes([number << 3 | 2]) + length + content


def test_numbers_of_tensors_may_be_many():
    check_structure(field(7, field(5, field(9, MUCH))))
    check_structure(field(7, field(5, field(4, MUCH))))
    constant = field(1, field(5, field(5, field(9, MUCH))))
    check_structure(field(7, constant))


@pytest.mark.parametrize(
    "content",
    [
        field(2, MUCH),
        field(7, field(1, MUCH[2:])),  # no node
        field(7, field(5, field(8, MUCH))),  # the name of a tensor
        field(7, field(5, field(9, MUCH)) + field(1, b"\x0a\0") * 300),
    ],
    ids=["producer", "node", "name", "many nodes"],
)
def test_other_things_may_not(content):
    with pytest.raises(ValueError, match=r"not weights|no protobuf field"):
        check_structure(content)


def test_very_many_small_messages_are_not_walked_to_their_end():
    node = field(1, field(5, b"\x08\0" * 400))
    # The first node is none, and would be walked last.
    content = field(7, field(1, b"\x0b") + 9 * node)
    with pytest.raises(WeightsFileError, match="not weights"):
        check_structure(content)
