"""Tables of pairs: what they say, and what they must not."""

import pytest
from record_files import write_images

from keras_sphereface.pairs import PairSet


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


def test_a_header_says_which_columns_there_are(tmp_path):
    write_images(tmp_path, ["a.jpg", "b.jpg"])
    path = tmp_path / "pairs.csv"
    # Columns of these names win, whatever else there is.
    path.write_text("img1,image_a,image_b,is_same,label\nx,a.jpg,b.jpg,1,0\n")
    pairs = PairSet.from_file(path)
    assert pairs.is_same.tolist() == [True]
    path.write_text("img1,img2,score\na.jpg,b.jpg,1\n")
    with pytest.raises(ValueError, match="must name the columns image_a"):
        PairSet.from_file(path)


def test_text_that_is_not_utf_8_is_named_with_its_line(tmp_path):
    path = tmp_path / "pairs.csv"
    path.write_bytes(b"image_a,image_b,is_same\nRen\xe9.jpg,b.jpg,1\n")
    with pytest.raises(ValueError, match=r"pairs\.csv, line 2: .*UTF-8"):
        PairSet.from_file(path)


def test_a_field_that_does_not_end_is_named_with_its_line(tmp_path):
    path = tmp_path / "pairs.csv"
    path.write_text(
        'image_a,image_b,is_same\na.jpg,b.jpg,1\n"a' + "\n" * 140_000
    )
    with pytest.raises(ValueError, match=r"pairs\.csv, line .*field larger"):
        PairSet.from_file(path)
