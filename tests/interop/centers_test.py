"""Class centers come in either way round and end as columns."""

import numpy as np
import pytest
import torch_files as files

import keras_sphereface as ks
from keras_sphereface.interop import (
    WeightsMismatchError,
    load_centers,
    read_centers,
)

DIM, CLASSES = 4, 6
CENTERS = np.random.default_rng(0).normal(size=(DIM, CLASSES)).astype("float32")


def save(path, nested, array):
    array = np.ascontiguousarray(array)
    value = files.array_tensor("0", array)
    for key in reversed(nested):
        value = files.dictionary({key: value})
    path.write_bytes(files.zip_file(value, {"0": array.tobytes()}))
    return path


@pytest.mark.parametrize(
    ("nested", "array"),
    [
        (["w"], CENTERS),  # OpenSphere before 2022
        (["model", "head", "w"], CENTERS.T),  # and after
        (["state_dict", "head.kernel"], CENTERS),  # AdaFace
        (["state_dict_softmax_fc", "weight"], CENTERS.T),  # InsightFace
        ([], CENTERS.T),  # InsightFace before: one tensor
    ],
)
def test_every_project_ends_as_one_column_per_class(nested, array, tmp_path):
    path = save(tmp_path / "head.pth", nested, array)
    np.testing.assert_array_equal(read_centers(path), CENTERS)
    head = ks.SphereFaceRHead(CLASSES)
    load_centers(head, path)
    np.testing.assert_array_equal(head.centers, CENTERS)


def test_the_embedding_size_tells_what_the_name_does_not(tmp_path):
    path = save(tmp_path / "head.pth", ["w"], CENTERS.T)
    centers = read_centers(path, embedding_dim=DIM)
    np.testing.assert_array_equal(centers, CENTERS)


def test_of_a_square_the_name_tells_or_the_layout(tmp_path):
    square = CENTERS[:, :DIM]
    path = save(tmp_path / "head.pth", ["w"], square)
    centers = read_centers(path, embedding_dim=DIM)
    np.testing.assert_array_equal(centers, square)
    centers = read_centers(path, embedding_dim=DIM, layout="CD")
    np.testing.assert_array_equal(centers, square.T)


def test_parts_of_several_gpus_are_joined_along_the_classes(tmp_path):
    parts = [CENTERS.T[:4], CENTERS.T[4:]]
    paths = [
        save(tmp_path / f"{n}.pt", ["state_dict_softmax_fc", "weight"], part)
        for n, part in enumerate(parts)
    ]
    np.testing.assert_array_equal(read_centers(paths), CENTERS)


def test_another_number_of_classes_changes_nothing(tmp_path):
    path = save(tmp_path / "head.pth", ["head", "kernel"], CENTERS)
    head = ks.SphereFaceRHead(CLASSES + 1)
    head.build((None, DIM))
    before = np.array(head.centers)
    with pytest.raises(WeightsMismatchError, match=r"num_classes\)=\(4, 7\)"):
        load_centers(head, path)
    np.testing.assert_array_equal(head.centers, before)


def test_a_file_without_centers_says_what_it_has(tmp_path):
    path = save(tmp_path / "other.pth", ["conv.bias"], CENTERS)
    with pytest.raises(WeightsMismatchError, match=r"conv\.bias.*\(4, 6\)"):
        read_centers(path)
    with pytest.raises(ValueError, match="`layout`"):
        read_centers(path, layout="columns")


@pytest.mark.parametrize(
    ("value", "kind"), [(np.nan, "NaN"), (-np.inf, "NaN or inf"), (0, "zeros")]
)
def test_centers_without_a_direction_are_named(value, kind, tmp_path):
    array = CENTERS.copy()
    array[:, [2, 4]] = value
    path = save(tmp_path / "head.pth", ["w"], array)
    head = ks.SphereFaceRHead(CLASSES)
    head.build((None, DIM))
    before = np.array(head.centers)
    message = rf"{kind}.* class 2 and 1 more, of {CLASSES} classes"
    with pytest.raises(WeightsMismatchError, match=message):
        load_centers(head, path)
    np.testing.assert_array_equal(head.centers, before)
