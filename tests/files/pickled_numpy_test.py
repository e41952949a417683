"""What NumPy pickles, read back without it, and what is no array."""

import io
import pickle

import numpy as np
import pytest

from keras_sphereface.files.pickle_machine import PickleMachine
from keras_sphereface.files.pickled_numpy import (
    NUMPY_CALLS,
    NUMPY_NAMES,
    PickledArray,
)

# A uint8 array of three bytes as Python 2 and the NumPy of its time pickle it
# (protocol 2): strings in place of bytes and text, numbers for booleans.
PYTHON_2 = (
    b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\x01cnumpy\nndarray\nq\x02"
    b"K\x00\x85q\x03U\x01bq\x04\x87Rq\x05(K\x01K\x03\x85cnumpy\ndtype\nq\x06"
    b"U\x02u1K\x00K\x01\x87Rq\x07(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff"
    b"\xffK\x00tb\x89U\x03\xff\xd8atb."
)


def run(content):
    machine = PickleMachine(
        io.BytesIO(content),
        kind="letter",
        error=ValueError,
        check_name=check_name,
        max_steps=10_000,
        max_copies=10_000,
        calls={**NUMPY_CALLS, "_codecs.encode": encode},
    )
    return machine.run()


def check_name(module, name):
    if f"{module}.{name}" not in {*NUMPY_NAMES, "_codecs.encode"}:
        raise ValueError(f"speaks of {module}.{name}")


def encode(machine, arguments):
    return arguments[0].encode("latin-1")


def as_numpy(array):
    dtype = np.dtype(array.dtype.order + array.dtype.code)
    return np.frombuffer(array.content, dtype).reshape(array.shape)


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    "value",
    [
        np.arange(5, dtype=np.uint8),
        np.arange(6, dtype=np.uint8).reshape(6, 1),
        np.array([True, False]),
        np.array([1, 0], np.int64),
        np.array([1, 0], ">i4"),
        np.array([1.5, 0], np.float32),
    ],
)
def test_an_array_is_its_bytes_type_and_shape(protocol, value):
    array = run(pickle.dumps(value, protocol))
    assert isinstance(array, PickledArray)
    assert as_numpy(array).dtype == value.dtype
    np.testing.assert_array_equal(as_numpy(array), value)


@pytest.mark.parametrize("protocol", range(6))
def test_a_number_is_an_array_without_axes(protocol):
    for value in (np.bool_(True), np.int64(7), np.float32(0.5)):
        number = run(pickle.dumps(value, protocol))
        assert number.shape == ()
        assert number.size == 1
        assert as_numpy(number) == value


@pytest.mark.parametrize("protocol", range(6))
def test_an_array_of_objects_holds_them(protocol):
    value = np.empty(2, object)
    value[:] = [np.arange(3, dtype=np.uint8), b"abc"]
    array = run(pickle.dumps(value, protocol))
    assert array.is_object
    assert as_numpy(array.content[0]).tolist() == [0, 1, 2]
    assert array.content[1] == b"abc"


def test_old_releases_of_numpy_are_read_too():
    value = np.arange(4, dtype=np.uint8)
    for protocol in (2, 3):
        new = pickle.dumps(value, protocol)
        names = [b"numpy._core.multiarray", b"numpy.core.multiarray"]
        other = new.replace(*sorted(names, key=new.count, reverse=True))
        assert other != new
        assert as_numpy(run(other)).tolist() == [0, 1, 2, 3]
    assert as_numpy(run(PYTHON_2)).tolist() == [255, 216, 97]


def test_bytes_are_referred_to_and_not_copied():
    value = np.arange(200, dtype=np.uint8)
    array = run(pickle.dumps([value, value], 4))
    assert array[0] is array[1]
    content = bytes(value)
    both = [np.frombuffer(content, np.uint8)] * 2
    first, second = run(pickle.dumps(both, 5))
    assert first.content is second.content


@pytest.mark.parametrize(
    "value",
    [
        np.array(["text"]),
        np.array([1 + 2j]),
        np.array([(1, 2)], dtype=[("a", "i4"), ("b", "i4")]),
        np.array(["2020-01-01"], "datetime64[D]"),
        np.ma.masked_array([1, 2]),
    ],
)
def test_other_arrays_are_refused(value):
    with pytest.raises(ValueError, match=r"type|speaks|array"):
        run(pickle.dumps(value, 4))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"K\x03\x85", b"J\xff\xff\xff\xff\x85"),  # a negative length
        (b"K\x03\x85", b"U\x01x\x85"),
        (b"U\x03\xff\xd8a", b"K\x01"),  # no bytes
        (b"U\x02u1", b"U\x02V8"),
        (b"U\x02u1", b"K\x05"),
        (b"U\x01|", b"U\x01?"),
        (b"U\x01|NNN", b"U\x01|K\x01NN"),  # fields of records
        (b"cnumpy\nndarray", b"cnumpy\ndtype"),
    ],
)
def test_damage_is_an_error(old, new):
    assert old in PYTHON_2
    with pytest.raises(ValueError, match="array"):
        run(PYTHON_2.replace(old, new, 1))
