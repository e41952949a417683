"""Tables of pairs: what they say, and what they must not."""

import pytest
from record_files import write_images

from keras_sphereface.pairs import PairSet
from keras_sphereface.pairs.csv_format import columns_of


def test_a_csv_names_images_folds_and_people(tmp_path):
    write_images(tmp_path, ["a/1.jpg", "a/2.jpg", "b/1.jpg"])
    (tmp_path / "pairs.csv").write_text(
        "image_a,image_b,is_same,fold,person_a,person_b\n"
        "a/1.jpg,a/2.jpg,true,3,Ann,Ann\n"
        "a/1.jpg,b/1.jpg,0,4,Ann,Bob\n"
    )
    pairs = PairSet.from_file(tmp_path / "pairs.csv")
    assert pairs.is_same.tolist() == [True, False]
    assert pairs.folds.tolist() == [3, 4]
    assert pairs.people.tolist() == ["Ann", "Ann", "Bob"]
    assert pairs.index_b.tolist() == [1, 2]
    (tmp_path / "other").mkdir()
    moved = (tmp_path / "pairs.csv").rename(tmp_path / "other" / "pairs.csv")
    assert len(PairSet.from_file(moved, tmp_path)) == 2
    with pytest.raises(FileNotFoundError, match="line 2: no image"):
        PairSet.from_file(moved)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n", "must name the columns image_a"),
        ("", "must name the columns"),
        ("image_a,image_b,is_same\na.jpg,b.jpg,maybe\n", "line 2: `is_same`"),
        ("image_a,image_b,is_same,fold\na.jpg,b.jpg,1,x\n", "line 2: `fold`"),
        ("image_a,image_b,is_same\na.jpg\n", "line 2: `is_same`"),
        (
            "image_a,image_b,is_same,person_a\na.jpg,b.jpg,1,Ann\n",
            "both `person_a` and `person_b`",
        ),
        (
            "image_a,image_b,is_same,person_a,person_b\n"
            "a.jpg,b.jpg,1,Ann,Ann\nb.jpg,a.jpg,1,Bob,Bob\n",
            "line 3: `person_a` must be 'Ann', as before",
        ),
    ],
)
def test_a_csv_that_says_something_else_is_an_error(tmp_path, text, message):
    write_images(tmp_path, ["a.jpg", "b.jpg"])
    (tmp_path / "pairs.csv").write_text(text)
    with pytest.raises(ValueError, match=message):
        PairSet.from_file(tmp_path / "pairs.csv")


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
