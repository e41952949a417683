"""What lies beside the pickle: storages, views of them, zip entries."""

import io
import struct
import zipfile

import numpy as np
import pytest
import torch_files as files
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_sphereface.interop import WeightsFileError, limits
from keras_sphereface.interop.torch_file import (
    read_torch_legacy,
    read_torch_zip,
)

NUMBERS = np.arange(24, dtype="<f4")


def archive(entries, pickled=None, root="archive"):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        if pickled is not None:
            file.writestr(f"{root}/data.pkl", b"\x80\x02" + pickled + b".")
        for name, data in entries.items():
            file.writestr(name, data)
    stream.seek(0)
    return stream


def read_one(pickled, entries):
    value, to_array = read_torch_zip(archive(entries, pickled))
    return to_array(value)


def view_loop(numbers, shape, strides, offset):
    """The view as loops over indices; `None` where it leaves the storage."""
    result = np.zeros(shape, numbers.dtype)
    for index in np.ndindex(*shape):
        place = offset + sum(i * s for i, s in zip(index, strides, strict=True))
        if not 0 <= place < len(numbers):
            return None
        result[index] = numbers[place]
    return result


axes = st.lists(st.tuples(st.integers(0, 4), st.integers(-2, 12)), max_size=4)


@settings(deadline=None, derandomize=True, max_examples=300)
@given(axes, st.integers(-2, 30))
def test_a_view_is_that_of_torch_or_refused(axes, offset):
    shape, strides = [n for n, _ in axes], [s for _, s in axes]
    pickled = files.tensor("0", shape, strides, count=24, offset=offset)
    value, to_array = read_torch_zip(
        archive({"archive/data/0": NUMBERS.tobytes()}, pickled)
    )
    try:
        array = to_array(value)
    except (WeightsFileError, ValueError, TypeError):
        # Right to refuse: it leaves the storage, goes backward or, by
        # repeating numbers, takes more memory than the file has.
        numbers = [offset, *strides]
        is_inside = view_loop(NUMBERS, shape, strides, offset) is not None
        assert (
            min(numbers) < 0
            or np.prod(shape) > 24
            or offset > 24 - min(1, np.prod(shape))
            or not is_inside
        )
    else:
        expected = view_loop(NUMBERS, shape, strides, offset)
        np.testing.assert_array_equal(array, expected)
        assert array.dtype == np.float32


def test_tensors_that_share_a_storage_do_not_share_the_arrays():
    pickled = files.dictionary(
        {
            "tied": files.tensor("0", (24,), (1,), count=24),
            "part": files.tensor("0", (2, 3), (1, 2), count=24, offset=1),
        }
    )
    value, to_array = read_torch_zip(
        archive({"archive/data/0": NUMBERS.tobytes()}, pickled)
    )
    tied, part = to_array(value["tied"]), to_array(value["part"])
    tied[:] = 0
    np.testing.assert_array_equal(part, [[1, 3, 5], [2, 4, 6]])


@pytest.mark.parametrize(
    ("storage", "dtype"),
    [
        ("DoubleStorage", "f8"),
        ("HalfStorage", "f2"),
        ("LongStorage", "i8"),
        ("IntStorage", "i4"),
        ("ShortStorage", "i2"),
        ("CharStorage", "i1"),
        ("ByteStorage", "u1"),
        ("BoolStorage", "?"),
    ],
)
@pytest.mark.parametrize("order", [None, b"little", b"big"])
def test_every_kind_of_number_in_either_order_of_bytes(storage, dtype, order):
    expected = np.array([1, 0, 100, 3]).astype(dtype)
    stored = expected.astype(
        expected.dtype.newbyteorder(">" if order == b"big" else "<")
    )
    entries = {"archive/data/0": stored.tobytes()}
    if order:
        entries["archive/byteorder"] = order
    tensor = files.tensor("0", (4,), (1,), count=4, storage=storage)
    array = read_one(tensor, entries)
    np.testing.assert_array_equal(array, expected)
    assert array.dtype == expected.dtype
    assert array.dtype.isnative


def test_an_unknown_order_of_bytes_is_refused():
    entries = {"archive/data/0": bytes(4), "archive/byteorder": b"middle"}
    with pytest.raises((WeightsFileError, KeyError)):
        read_one(files.tensor("0", (1,), (1,), count=1), entries)


def test_parameters_and_untyped_storages_are_tensors_too():
    reference = files.collection(
        files.text("storage"),
        files.name("torch.storage", "UntypedStorage"),
        files.text("0"),
        files.text("cpu"),
        files.integer(8),
    )
    tensor = files.call(
        files.name("torch._utils", "_rebuild_tensor_v3"),
        reference + b"Q",
        files.integer(1),
        files.collection(files.integer(3)),
        files.collection(files.integer(1)),
        b"\x89",
        files.call(files.name("collections", "OrderedDict")),
        files.name("torch", "int16"),
    )
    parameter = files.call(
        files.name("torch._utils", "_rebuild_parameter"), tensor, b"\x88"
    )
    numbers = np.int16([1, -2, 3, -4])
    array = read_one(parameter, {"archive/data/0": numbers.tobytes()})
    np.testing.assert_array_equal(array, [-2, 3, -4])
    assert array.dtype == np.int16


# Zip files.


def test_names_that_lead_elsewhere_are_only_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret").write_bytes(bytes(4))
    link = zipfile.ZipInfo("archive/data/1")
    link.external_attr = 0o120777 << 16  # a symbolic link
    stream = archive(
        {"archive/data/../../secret": b"\1\0\0\0", "/etc/passwd": b"?"},
        files.collection(
            files.tensor(
                "../../secret", (1,), (1,), count=1, storage="IntStorage"
            ),
            files.tensor("1", (6,), (1,), count=6, storage="ByteStorage"),
        ),
    )
    with zipfile.ZipFile(stream, "a") as file:
        file.writestr(link, b"secret")
    value, to_array = read_torch_zip(stream)
    # The entries of those names, not the files.
    assert to_array(value[0]) == [1]
    assert to_array(value[1]).tobytes() == b"secret"
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


@pytest.mark.parametrize(
    ("entries", "pickled", "match"),
    [
        ({"other": b""}, None, "not one of PyTorch"),
        ({"b/data.pkl": b"N."}, b"N", "not one of PyTorch"),
        ({"archive/constants.pkl": b""}, b"N", "TorchScript"),
    ],
)
def test_other_archives_are_named(entries, pickled, match):
    with pytest.raises(WeightsFileError, match=match):
        read_torch_zip(archive(entries, pickled))


@pytest.mark.parametrize("size", [0, 3, 5, 8])
def test_storages_of_another_size_are_refused(size):
    tensor = files.tensor("0", (1,), (1,), count=1)
    with pytest.raises(WeightsFileError, match=r"size|large"):
        read_one(tensor, {"archive/data/0": bytes(size)})


def test_a_storage_declared_twice_counts_as_first_declared():
    pickled = files.collection(
        files.tensor("0", (1,), (1,), count=1),
        files.tensor("0", (2,), (1,), count=2),
    )
    value, to_array = read_torch_zip(
        archive({"archive/data/0": bytes(4)}, pickled)
    )
    assert to_array(value[0]) == [0]
    with pytest.raises(ValueError, match="size of buffer"):
        to_array(value[1])


@pytest.mark.parametrize("make", [files.zip_file, files.legacy_file])
def test_arrays_and_storages_have_a_budget(make, monkeypatch):
    monkeypatch.setattr(limits, "MAX_ARRAY_BYTES", 200)
    read = {
        files.zip_file: read_torch_zip,
        files.legacy_file: read_torch_legacy,
    }
    pickled = files.collection(*[files.tensor("0", (24,), (1,), count=24)] * 3)
    data = make(pickled, {"0": NUMBERS.tobytes()})
    value, to_array = read[make](io.BytesIO(data))
    assert to_array(value[0]).sum() == to_array(value[1]).sum() == 276
    with pytest.raises(WeightsFileError, match="more than 200 bytes"):
        to_array(value[2])


def test_the_directory_of_an_archive_is_read_once(monkeypatch):
    counts = []
    read_directory = zipfile.ZipFile._RealGetContents

    def counted(self):
        counts.append(1)
        read_directory(self)

    monkeypatch.setattr(zipfile.ZipFile, "_RealGetContents", counted)
    tensors = [
        files.tensor(str(key), (24,), (1,), count=24) for key in range(5)
    ]
    entries = {f"archive/data/{key}": NUMBERS.tobytes() for key in range(5)}
    stream = archive(entries, files.collection(*tensors))
    counts.clear()
    value, to_array = read_torch_zip(stream)
    assert all(to_array(item).sum() == 276 for item in value)
    assert len(counts) == 1


# Files from before PyTorch 1.6.


def legacy(system, pickled, keys, rest):
    pickles = [files.integer(0x1950A86A20F9469CFC6C), files.integer(1001)]
    pickles += [system, pickled, keys]
    data = b"".join(b"\x80\x02" + part + files.STOP for part in pickles)
    return io.BytesIO(data + rest)


@pytest.mark.parametrize("is_little", [True, False])
def test_old_files_say_the_order_of_their_bytes(is_little):
    order = "<" if is_little else ">"
    value, to_array = read_torch_legacy(
        legacy(
            files.dictionary(
                {"little_endian": b"\x88" if is_little else b"\x89"}
            ),
            files.tensor("a", (3,), (1,), count=4, offset=1),
            b"](" + files.text("a") + b"e",
            struct.pack(f"{order}q4f", 4, 1, 2, 3, 4),
        )
    )
    np.testing.assert_array_equal(to_array(value), [2, 3, 4])


def test_old_views_of_storages_and_unknown_keys_are_refused():
    system = files.dictionary({"little_endian": b"\x88"})
    view = files.collection(
        files.text("storage"),
        files.name("torch", "FloatStorage"),
        files.text("a"),
        files.text("cpu"),
        files.integer(1),
        files.collection(files.text("b"), files.integer(0)),
    )
    keys = b"](" + files.text("a") + b"e"
    data = struct.pack("<qf", 1, 1)
    with pytest.raises(WeightsFileError, match="unknown kind"):
        read_torch_legacy(legacy(system, view + b"Q", keys, data))
    with pytest.raises(KeyError):
        read_torch_legacy(legacy(system, b"}", keys, data))
