import pytest

from keras_sphereface.pairs.pair_words import count_of, truth_of


@pytest.mark.parametrize(
    ("word", "truth"),
    [
        *(("1", True), (" TRUE ", True), ("same", True), ("1.0", True)),
        *(("0", False), ("-1", False), ("Different", False), ("no", False)),
        *(("", None), ("2", None), ("a.jpg", None), ("nan", None)),
    ],
)
def test_words_are_true_false_or_neither(word, truth):
    assert truth_of(word) is truth


@pytest.mark.parametrize(
    ("word", "count"),
    [
        *(("1", 1), ("0007", 7), ("999999999", 999_999_999)),
        *(("0", None), ("-1", None), ("1.0", None), ("", None), ("x", None)),
        *(("9" * 5000, None), ("\u0661", None), ("\u00b2", None)),
    ],
)
def test_counts_are_whole_numbers_from_1(word, count):
    assert count_of(word) == count
