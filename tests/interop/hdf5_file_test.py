"""HDF5 files that h5py writes, and what in them is refused."""

import io
import struct
import time

import h5py
import numpy as np
import pytest

from keras_sphereface.interop import WeightsFileError
from keras_sphereface.interop.hdf5_file import read_hdf5


def written(fill, **settings):
    stream = io.BytesIO()
    with h5py.File(stream, "w", **settings) as file:
        fill(file)
    return stream


def fill_as_keras(file):
    generator = np.random.default_rng(0)
    file.attrs["model_config"] = b'{"a": "' + b"x" * 3000 + b'"}'
    file.attrs["version"] = np.bytes_("2.10")
    for number in range(12):  # more than one node of a group's tree takes
        group = file.create_group(f"layer_{number}")
        group.attrs["weight_names"] = [b"a/kernel:0", b"a/bias:0"]
        group["a/kernel:0"] = generator.random((3, 3, 2, 4), "float32")
        group["a/bias:0"] = generator.random(4)
        group["a/empty"] = np.empty((0, 3), "float32")


@pytest.mark.parametrize(
    "dtype",
    ["<f2", "<f4", ">f4", "<f8", ">f8", "i1", "u1", "<i4", ">i8", "<u2"],
)
def test_numbers_of_each_kind_are_read(dtype):
    array = np.arange(24).reshape(2, 3, 4).astype(dtype)

    def fill(file):
        file["array"] = array
        file["scalar"] = np.array(7, dtype)

    arrays, texts = read_hdf5(written(fill))
    assert texts == {}
    np.testing.assert_array_equal(arrays["array"], array)
    assert arrays["array"].dtype == array.dtype.newbyteorder("=")
    assert arrays["scalar"].shape == ()
    assert arrays["scalar"] == 7
    arrays["array"][...] = 0  # not a view of what was read


def test_groups_and_texts_are_those_that_h5py_reads():
    stream = written(fill_as_keras)
    arrays, texts = read_hdf5(stream)
    expected = {}
    with h5py.File(stream) as file:
        file.visititems(
            lambda name, item: (
                expected.update({name: item[()]})
                if isinstance(item, h5py.Dataset)
                else None
            )
        )
    assert len(expected) == 36
    assert {*arrays} == {*expected}
    for name, array in expected.items():
        np.testing.assert_array_equal(arrays[name], array)
    assert texts["", "version"] == "2.10"
    assert len(texts["", "model_config"]) == 3009
    # Several texts are none.
    assert ("layer_0", "weight_names") not in texts


def test_an_attribute_whose_name_is_utf_8_is_read():
    def fill(file):
        file.attrs["größe"] = "ä"
        file["x"] = np.ones(1)

    assert read_hdf5(written(fill)).texts == {("", "größe"): "ä"}


def link_in_a_circle(file):
    file.create_group("a")["b"] = file["/"]


REFUSED = {
    "compressed": lambda f: f.create_dataset("x", (9,), compression="gzip"),
    "in pieces": lambda f: f.create_dataset("x", (9,), chunks=(3,)),
    "in another file": lambda f: f.create_dataset(
        "x", (9,), "f4", external=[("/etc/passwd", 0, 36)]
    ),
    "never written": lambda f: f.create_dataset("x", (9,), "f4"),
    "link to another place": lambda f: f.update(x=h5py.SoftLink("/y")),
    "newer kind ": lambda f: f.update(x=h5py.ExternalLink("/etc/passwd", "/")),
    "in each other": link_in_a_circle,
    "plain numbers": lambda f: f.update(x=np.array([1j])),
    "plain numbers ": lambda f: f.update(x=np.array([b"text"])),
    "newer kind": lambda f: f.create_group("x", track_order=True),
}


@pytest.mark.parametrize("said", REFUSED)
def test_what_keras_does_not_write_is_refused(said):
    with pytest.raises(WeightsFileError, match=said.strip()):
        read_hdf5(written(REFUSED[said]))


@pytest.mark.parametrize(
    "settings", [{"libver": "latest"}, {"userblock_size": 512}]
)
def test_newer_kinds_of_files_are_refused(settings):
    with pytest.raises(WeightsFileError, match="no HDF5 file, or"):
        read_hdf5(written(fill_as_keras, **settings))


def test_arrays_that_lie_in_one_place_are_not_read_without_end():
    def fill(file):
        file["first"] = np.arange(10_000.0)
        for number in range(12):
            file.create_dataset(f"other_{number}", (10_000,), "f8")

    content = written(fill).getvalue()
    first = content.index(np.arange(10_000.0).tobytes())
    # Those that were never written are made to lie where the first does.
    nowhere = b"\x03\x01" + struct.pack("<Q", 2**64 - 1)
    assert content.count(nowhere) == 12
    there = b"\x03\x01" + struct.pack("<Q", first)
    content = content.replace(nowhere, there)
    with pytest.raises(WeightsFileError, match=r"more than \d+ bytes"):
        read_hdf5(io.BytesIO(content))


def test_damage_is_an_error_or_another_number_and_soon():
    content = written(fill_as_keras).getvalue()
    generator = np.random.default_rng(0)
    values = (0, 1, 2**31, 2**32, 2**63 - 1, 2**64 - 1, len(content))
    kinds = {"error": 0, "read": 0}
    for number in range(300):
        damaged = bytearray(content)
        place = int(generator.integers(len(content) - 8))
        if number % 3:
            damaged[place] ^= 1 << generator.integers(8)
        else:
            word = values[generator.integers(len(values))]
            damaged[place // 8 * 8 : place // 8 * 8 + 8] = struct.pack(
                "<Q", word
            )
        start = time.perf_counter()
        try:
            read_hdf5(io.BytesIO(damaged))
            kinds["read"] += 1
        except (ValueError, KeyError, IndexError, OverflowError, struct.error):
            kinds["error"] += 1
        assert time.perf_counter() - start < 5
    assert min(kinds.values()) > 10
