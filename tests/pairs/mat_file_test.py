"""MATLAB's files, written by SciPy and read back without it."""

import contextlib
import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.io import savemat

from keras_sphereface.pairs.mat_file import Cells, MatFileError, read_mat


def cells(*items, shape=None):
    array = np.empty(len(items), object)
    array[:] = items
    return array.reshape(shape or (1, -1))


CONTENT = {
    "number": 3.5,
    "row": np.arange(5, dtype=np.int16),
    "table": np.arange(6.0).reshape(2, 3),
    "flags": np.array([True, False]),
    "text": "Ren\u00e9",
    "empty": np.zeros((0, 0)),
    "names": cells("a", "bc", "def", "g", shape=(2, 2)),
    "person": {"name": "Ann", "age": 7},
    "nested": cells(cells("x"), {"y": cells("z")}),
}


def write(path, content=CONTENT, compress=False):
    savemat(path, content, do_compression=compress)
    return path


@pytest.mark.parametrize("compress", [False, True])
def test_what_scipy_wrote_is_read(tmp_path, compress):
    found = read_mat(write(tmp_path / "x.mat", compress=compress))
    assert found["number"].tolist() == [3.5]
    assert found["row"].tolist() == [0, 1, 2, 3, 4]
    assert found["table"].tolist() == [0, 3, 1, 4, 2, 5]  # by columns
    assert found["flags"].tolist() == [1, 0]
    assert found["text"] == "Ren\u00e9"
    assert found["empty"].tolist() == []
    assert found["names"] == Cells((2, 2), ["a", "def", "bc", "g"])
    (person,) = found["person"].items
    assert person["name"] == "Ann"
    assert person["age"].tolist() == [7]
    inner, other = found["nested"].items
    assert inner.items == ["x"]
    assert other.items[0]["y"].items == ["z"]


def element(kind, content, order):
    padding = bytes(-len(content) % 8)
    return struct.pack(f"{order}II", kind, len(content)) + content + padding


@pytest.mark.parametrize("order", ["<", ">"])
def test_both_orders_of_bytes_are_read(tmp_path, order):
    parts = (
        element(6, struct.pack(f"{order}II", 4, 0), order),  # text
        element(5, struct.pack(f"{order}ii", 1, 2), order),
        element(1, b"name", order),
        element(17, "h\u00e9".encode(f"utf-16-{'lb'[order == '>']}e"), order),
    )
    mark = struct.pack(f"{order}HH", 0x0100, 0x4D49)
    content = b"MATLAB 5.0 MAT-file".ljust(124) + mark
    content += element(14, b"".join(parts), order)
    (tmp_path / "x.mat").write_bytes(content)
    assert read_mat(tmp_path / "x.mat") == {"name": "h\u00e9"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "must be a MATLAB file of version 5"),
        (b"image_a,image_b,is_same\n" * 9, "must be a MATLAB file"),
        (b"MATLAB 7.3 MAT-file".ljust(512), "save it with -v7"),
        (b"\x89HDF\r\n\x1a\n".ljust(512), "save it with -v7"),
    ],
)
def test_other_files_are_refused(tmp_path, content, message):
    (tmp_path / "x.mat").write_bytes(content)
    with pytest.raises(MatFileError, match=message):
        read_mat(tmp_path / "x.mat")


def test_objects_of_matlab_are_refused(tmp_path):
    from scipy.sparse import csc_matrix

    write(tmp_path / "x.mat", {"sparse": csc_matrix(np.eye(3))})
    with pytest.raises(MatFileError, match="class 5"):
        read_mat(tmp_path / "x.mat")


def test_a_small_file_does_not_become_a_large_one(tmp_path):
    bomb = zlib.compress(bytes(2**24), 9)
    content = write(tmp_path / "x.mat", {"a": 1.0}).read_bytes()[:128]
    content += struct.pack("<II", 15, len(bomb)) + bomb
    (tmp_path / "x.mat").write_bytes(content)
    with pytest.raises(MatFileError, match="expands to far more"):
        read_mat(tmp_path / "x.mat")


def saved(content):
    file = io.BytesIO()
    savemat(file, content)
    return file.getvalue()


WHOLE = saved(CONTENT)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(
    st.integers(128, len(WHOLE) - 1),
    st.sampled_from([0, 1, 2, 14, 15, 127, 128, 255]),
    st.integers(0, len(WHOLE)),
)
def test_damage_ends_in_values_or_the_error(tmp_path_factory, place, byte, end):
    path = tmp_path_factory.getbasetemp() / "damaged.mat"
    damaged = bytearray(WHOLE)
    damaged[place] = byte
    for content in (damaged, WHOLE[:end]):
        path.write_bytes(content)
        with contextlib.suppress(MatFileError):
            assert isinstance(read_mat(path), dict)
