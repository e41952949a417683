"""Each image once, in the order of the pairs."""

from keras_sphereface.pairs.pair_columns import columns_of


def test_columns_count_each_image_once_in_the_order_of_the_pairs():
    pairs = [("c", "a"), ("a", "b"), ("c", "b")]
    columns = columns_of(pairs, [True, False, False], [2, 0, 1])
    assert columns["images"] == ["c", "a", "b"]
    assert columns["index_a"].tolist() == [0, 1, 0]
    assert columns["index_b"].tolist() == [1, 2, 2]
    assert columns["is_same"].tolist() == [True, False, False]
    assert columns["folds"].tolist() == [2, 0, 1]
    assert columns["people"] is None


def test_columns_without_folds_get_ten():
    pairs = [(f"{n}a", f"{n}b") for n in range(20)]
    people = {name: name[:-1] for pair in pairs for name in pair}
    columns = columns_of(pairs, [n % 2 == 0 for n in range(20)], people=people)
    assert columns["folds"].tolist() == [n // 2 for n in range(20)]
    assert columns["people"].tolist() == [str(n // 2) for n in range(40)]
