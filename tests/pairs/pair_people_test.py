import numpy as np
import pytest

from keras_sphereface.pairs.pair_people import check_people


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
