"""Ten folds of pairs that come in any order."""

import numpy as np
import pytest

from keras_sphereface.pairs.pair_folds import ten_folds


def test_pairs_in_turn_are_cut_into_neighbors():
    is_same = [n % 2 == 0 for n in range(60)]
    expected = [n // 6 for n in range(60)]
    assert ten_folds(is_same).tolist() == expected


def test_the_first_folds_have_one_more_where_ten_does_not_divide():
    is_same = [n % 2 == 0 for n in range(23)]
    counts = np.bincount(ten_folds(is_same))
    assert counts.tolist() == [3, 3, 3, 2, 2, 2, 2, 2, 2, 2]


@pytest.mark.parametrize(("num_pairs", "num_same"), [(60, 30), (61, 12)])
def test_sorted_pairs_are_dealt_so_that_each_fold_has_both(num_pairs, num_same):
    is_same = np.arange(num_pairs) < num_same
    folds = ten_folds(is_same)
    for kind in (True, False):
        counts = np.bincount(folds[is_same == kind], minlength=10)
        assert counts.min() >= 1
        assert counts.max() - counts.min() <= 1
        assert (np.diff(folds[is_same == kind]) >= 0).all()  # neighbors
