"""LFW's pairs as tables; `pair_files_test.py` reads whole ones."""

import pytest
from record_files import write_images

from keras_sphereface.pairs import PairSet

HEADER = "name,imagenum1,imagenum2,"
NAMES = [f"{name}/{name}_000{k}.jpg" for name in ("Ann", "Bob") for k in (1, 2)]


def read(folder, *rows, header=HEADER):
    write_images(folder, NAMES)
    (folder / "pairs.csv").write_text("\n".join([header, *rows]))
    return PairSet.from_file(folder / "pairs.csv")


def test_names_say_who_is_on_the_images(tmp_path):
    pairs = read(tmp_path, "Ann,1,2,", "Ann,1,Bob,2")
    assert pairs.is_same.tolist() == [True, False]
    assert pairs.people.tolist() == ["Ann", "Ann", "Bob"]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (("Ann,1,2,", "Ann,1"), "line 3: a pair must be"),
        (("Ann,1,2,", "Ann,1,x,"), "line 3: a pair must be"),
        (("Ann,1,Bob,2,1",), "line 2: the last field must say 1"),
        (("Ann,1,Ann,2,0",), "line 2: the last field must say 1"),
        (("Ann,1,1",), "line 2: a pair must show two images"),
    ],
)
def test_a_wrong_line_is_named(tmp_path, rows, message):
    with pytest.raises(ValueError, match=message):
        read(tmp_path, *rows)


def test_a_wrong_line_of_the_other_file_is_its_own(tmp_path):
    write_images(tmp_path, NAMES)
    (tmp_path / "matchpairs.csv").write_text(f"{HEADER}\nAnn,1,2\n")
    (tmp_path / "mismatchpairs.csv").write_text(f"{HEADER}\n\nAnn,1,Bob\n")
    with pytest.raises(ValueError, match=r"mismatchpairs\.csv, line 3"):
        PairSet.from_file(tmp_path / "matchpairs.csv")
