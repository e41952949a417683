"""A header of JSON and numbers behind it, whole or not."""

import io
import json
import struct

import numpy as np
import pytest

from keras_sphereface.interop import WeightsFileError, limits
from keras_sphereface.interop.safetensors_file import read_safetensors


def entry(begin=0, end=8, dtype="F32", shape=(2,)):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def read(header, data=bytes(16)):
    if not isinstance(header, bytes):
        header = json.dumps(header).encode()
    return read_safetensors(
        io.BytesIO(struct.pack("<Q", len(header)) + header + data)
    )


@pytest.mark.parametrize(
    ("name", "dtype"),
    [
        ("F64", "<f8"),
        ("F32", "<f4"),
        ("F16", "<f2"),
        ("I64", "<i8"),
        ("I32", "<i4"),
        ("I16", "<i2"),
        ("I8", "i1"),
        ("U8", "u1"),
        ("BOOL", "?"),
    ],
)
def test_reads_every_kind_of_number(name, dtype):
    numbers = np.array([[1, 0, 3], [4, 5, 100]]).astype(dtype)
    found = read(
        {"a": entry(0, numbers.nbytes, name, numbers.shape)}, numbers.tobytes()
    )
    np.testing.assert_array_equal(found["a"], numbers, strict=True)
    found["a"][:] = 0  # not a view of what was read


def test_bfloat16_becomes_float32():
    # 1, -2, infinity and the least above 0.
    data = np.uint16([0x3F80, 0xC000, 0x7F80, 0x0001]).tobytes()
    found = read({"a": entry(0, 8, "BF16", (2, 2))}, data)["a"]
    np.testing.assert_array_equal(found, [[1, -2], [np.inf, 2.0**-133]])
    assert found.dtype == np.float32


def test_arrays_come_in_the_order_of_their_places():
    numbers = np.arange(4, dtype="<f4")
    header = {
        "__metadata__": {"format": "pt"},
        "second": entry(8, 16),
        "empty": entry(8, 8, shape=(0, 3)),
        "first": entry(0, 8),
    }
    header["scalar"] = entry(16, 20, shape=())
    found = read(header, numbers.tobytes() + struct.pack("<f", 9))
    assert found["empty"].shape == (0, 3)
    np.testing.assert_array_equal(found["first"], [0, 1])
    np.testing.assert_array_equal(found["second"], [2, 3])
    assert found["scalar"] == 9


@pytest.mark.parametrize(
    ("header", "match"),
    [
        ({"a": entry(), "b": entry()}, "impossible place"),  # the same bytes
        ({"a": entry(), "b": entry(4, 12)}, "impossible place"),  # overlap
        ({"a": entry(8, 16)}, "impossible place"),  # a hole before
        ({"a": entry(), "b": entry(12, 16, shape=(1,))}, "impossible place"),
        ({"a": entry()}, "goes on behind"),
        ({"a": entry(), "b": entry(8, 24, shape=(4,))}, "ends early"),
        ({"a": entry(0, 2**62, shape=(2**60,))}, "impossible place"),
        ({"a": entry(8, 0)}, "impossible place"),
        ({"a": entry(0, -8, shape=(-2,))}, "impossible place"),
        ({"a": entry(shape=(True, 2))}, "impossible place"),
        ({"a": entry(shape=(2.0,))}, "impossible place"),
        ({"a": entry(shape=(1,) * 9)}, "impossible place"),
        ({"a": entry(shape=(3,))}, "another size"),
        ({"a": entry(dtype="F64")}, "another size"),
    ],
)
def test_impossible_places_are_refused(header, match):
    with pytest.raises(WeightsFileError, match=match):
        read(header)


def test_a_name_twice_leaves_a_hole():
    first, second = json.dumps(entry()), json.dumps(entry(8, 16))
    header = f'{{"a": {first}, "a": {second}}}'.encode()
    with pytest.raises(WeightsFileError, match="impossible place"):
        read(header)


@pytest.mark.parametrize(
    "header",
    [b"", b"null", b"[]", b"{", b"\xff{}", b"[" * 100_000, b'{"a": 1}'],
)
def test_headers_that_are_none_are_errors_of_the_file(header):
    with pytest.raises((ValueError, AttributeError, TypeError, RecursionError)):
        read(header)


def test_lengths_and_numbers_of_arrays_have_limits(monkeypatch):
    with pytest.raises(WeightsFileError, match="ends early"):
        read_safetensors(io.BytesIO(b"\0" * 7))
    with pytest.raises(WeightsFileError, match="header is too large"):
        read_safetensors(io.BytesIO(struct.pack("<Q", 2**63)))
    with pytest.raises(WeightsFileError, match="ends early"):
        read_safetensors(io.BytesIO(struct.pack("<Q", 2**20) + b"{}"))
    monkeypatch.setattr(limits, "MAX_ARRAY_BYTES", 100)
    with pytest.raises(WeightsFileError, match="larger than may be"):
        read({"a": entry(0, 200, "U8", (200,))}, bytes(200))
