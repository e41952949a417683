import numpy as np
import pytest

from keras_sphereface.training import CheckpointError
from keras_sphereface.training.checked_arrays import read_arrays, write_arrays

ARRAYS = {"a/0": np.arange(12.0).reshape(3, 4), "b": np.bool_(True)}


@pytest.fixture
def path(tmp_path):
    write_arrays(tmp_path / "arrays.npz", ARRAYS)
    return tmp_path / "arrays.npz"


def test_arrays_come_back_and_numpy_reads_them_too(path):
    found = read_arrays(path)
    with np.load(path) as file:
        for arrays in (found, dict(file)):
            assert arrays.keys() == ARRAYS.keys()
            for name, array in ARRAYS.items():
                np.testing.assert_array_equal(arrays[name], array)
                assert arrays[name].dtype == array.dtype


def test_one_that_is_damaged_is_named(path):
    content = path.read_bytes()
    # In the header of an array, where NumPy would take it for another type.
    assert content.count(b"'<f8'") == 1
    path.write_bytes(content.replace(b"'<f8'", b"'<i8'"))
    with pytest.raises(CheckpointError, match=r"damaged.*arrays\.npz"):
        read_arrays(path)


def test_one_that_is_missing_is_named(tmp_path):
    with pytest.raises(CheckpointError, match=r"a\.npz \(No such file"):
        read_arrays(tmp_path / "a.npz")


def test_objects_are_not_unpickled(tmp_path):
    write_arrays(tmp_path / "a.npz", {"a": np.array([{}], dtype=object)})
    with pytest.raises(ValueError, match="allow_pickle=False"):
        read_arrays(tmp_path / "a.npz")
