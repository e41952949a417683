"""Archives of NumPy, as it writes them and as it would not."""

import io
import struct
import zipfile

import numpy as np
import pytest

from keras_sphereface.interop import WeightsFileError, read_state
from keras_sphereface.interop.npz_file import read_npz


def npy(descr="'<f4'", shape="(2,)", data=bytes(8), version=1, order=False):
    header = f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}}}"
    header = header.encode() + b"\n"
    length = struct.pack("<H" if version == 1 else "<I", len(header))
    return b"\x93NUMPY" + bytes([version, 0]) + length + header + data


def archive(entries, compression=zipfile.ZIP_STORED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as file:
        for name, data in entries.items():
            file.writestr(name, data)
    return stream


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i1", "i8", "u1", "?"])
@pytest.mark.parametrize("shape", [(), (0,), (5,), (2, 3, 4), (3, 0)])
def test_reads_what_numpy_writes(save, dtype, shape):
    random = np.random.default_rng(0)
    array = (9 * random.random(shape)).astype(dtype)
    stream = io.BytesIO()
    big = array.astype(array.dtype.newbyteorder(">"))
    save(stream, a=array, fortran=np.asfortranarray(array), big=big)
    found = read_npz(stream)
    assert list(found) == ["a", "fortran", "big"]
    for own in found.values():
        np.testing.assert_array_equal(own, array, strict=own is found["a"])
        own[...] = 0  # not a view of what was read


@pytest.mark.parametrize("version", [1, 2])
def test_reads_both_versions_of_the_header(version):
    data = np.float32([1, 2]).tobytes()
    found = read_npz(archive({"w.npy": npy(version=version, data=data)}))
    np.testing.assert_array_equal(found["w"], [1, 2])


@pytest.mark.parametrize(
    "descr",
    [
        "'|O'",
        "[('a', '<f4'), ('b', '|O')]",
        "[('a', '<f4')]",
        "('<f4', (2,))",
        "'<c8'",
        "'<M8[s]'",
        "'|S8'",
        "'<U2'",
        "'|V8'",
    ],
)
def test_what_is_no_number_is_refused(descr):
    with pytest.raises(WeightsFileError, match="plain numbers"):
        read_npz(archive({"w.npy": npy(descr)}))


@pytest.mark.parametrize(
    "shape", ["(3,)", "(1,)", "(-2,)", "(-1, -2)", "(2**62, 2**62)", "()"]
)
def test_another_size_than_said_is_refused(shape):
    with pytest.raises((WeightsFileError, ValueError)):
        read_npz(archive({"w.npy": npy(shape=shape)}))


@pytest.mark.parametrize("header", [b"__import__('os')", b"(" * 9000, b"1"])
def test_headers_are_not_programs(header, tmp_path):
    data = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header
    path = tmp_path / "file.npz"
    path.write_bytes(archive({"w.npy": data}).getvalue())
    with pytest.raises(WeightsFileError, match="it is damaged"):
        read_state(path)


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_compressions_that_numpy_does_not_use_are_refused(compression):
    with pytest.raises(WeightsFileError, match=r"w\.npy is compressed"):
        read_npz(archive({"w.npy": npy()}, compression))


def test_an_entry_larger_than_it_says_is_refused():
    data = bytearray(archive({"w.npy": npy(data=bytes(800))}).getvalue())
    size = struct.pack("<I", len(npy(data=bytes(800))))
    place = data.rindex(b"PK\x01\x02") + 24  # size in the directory
    assert data[place : place + 4] == size
    data[place : place + 4] = struct.pack("<I", len(npy()))
    with pytest.raises((WeightsFileError, zipfile.BadZipFile)):
        read_npz(io.BytesIO(data))
