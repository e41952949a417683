import numpy as np
import pytest

from keras_sphereface.contract import ScoreHistogram
from keras_sphereface.contract.score_histogram import part_of


def test_counts_each_kind_in_its_parts():
    # Forty parts of 0.05: 0.5 is the 31st, the ends are in the outermost.
    scores = [0.5, 0.52, 1.0, -1.0, 0.0]
    is_same = [True, True, True, False, False]
    found = ScoreHistogram.of(scores=scores, is_same=is_same)
    assert {i: n for i, n in enumerate(found.genuine) if n} == {30: 2, 39: 1}
    assert {i: n for i, n in enumerate(found.impostor) if n} == {0: 1, 20: 1}


def test_parts_are_of_one_width():
    scores = np.linspace(-1, 1, 9)
    assert part_of(scores, 4).tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 3]
    assert part_of(1.5, 4) == 3


@pytest.mark.parametrize(
    ("genuine", "impostor", "message"),
    [
        ((1,), (1,), "`genuine` must be counts"),
        ((0, 0), (1, 1), "`genuine` must be counts"),
        ((1, 1), (1, -1), "`impostor` must be counts"),
        ((1, 1), (1, 1.0), "`impostor` must be counts"),
        ((1, 1), None, "`impostor` must be counts"),
        ((1, 1), (1, 1, 1), "`impostor` must have as many"),
    ],
)
def test_wrong_counts_are_named(genuine, impostor, message):
    with pytest.raises(ValueError, match=message):
        ScoreHistogram(genuine, impostor)
