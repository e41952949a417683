from pathlib import Path

import numpy as np
import pytest

from keras_sphereface.pairs.pair_people import check_people, people_of_names


@pytest.mark.parametrize(
    "people", [[[4, 4], [4, 7]], [["ann", "ann"], ["ann", "bob"]]]
)
def test_people_who_agree_with_the_pairs_come_back(people):
    found = check_people(people, np.array([True, False]))
    assert found.tolist() == people


@pytest.mark.parametrize(
    ("people", "message"),
    [
        ([[1, 1]], r"shape=\(1, 2\) with 2 pairs"),
        ([[1.0, 1.0], [1.0, 2.0]], "people.dtype=float64"),
        ([[1, 1], [2, 2]], r"people\[1\]=\[2, 2\] with is_same\[1\]=False"),
        ([[1, 3], [1, 2]], r"people\[0\]=\[1, 3\] with is_same\[0\]=True"),
    ],
)
def test_people_who_do_not_are_named(people, message):
    with pytest.raises(ValueError, match=message):
        check_people(people, np.array([True, False]))


@pytest.mark.parametrize(
    "form",
    [
        "{}/{}.jpg",
        "faces/{}_{:04d}.jpg",
        "{}_{}_0.png",
        "1{1}_{0}_50_f.jpg",
        "x/{}/{}.jpg",
    ],
)
def test_names_of_files_say_who_is_on_them(form):
    names = [("Ann Lee", 1), ("Ann Lee", 2), ("m.0b", 1), ("m.0b", 2)]
    paths = [Path(form.format(*name)) for name in names]
    pairs = [(paths[0], paths[1]), (paths[2], paths[3]), (paths[0], paths[2])]
    people = people_of_names(pairs, [True, True, False])
    assert [people[path] for path in paths] == [name for name, _ in names]
    # One pair that disagrees, and the names say nothing.
    assert people_of_names(pairs, [True, True, True]) is None
