"""Two lines per pair, and pairs that are torn apart."""

import pytest
from record_files import write_images

from keras_sphereface.pairs import PairSet

NAMES = ["Ann_1.jpg", "Ann_2.jpg", "Bob_1.jpg"]


def read(folder, *lines):
    write_images(folder / "faces", NAMES)
    (folder / "list.txt").write_text("\n".join(lines))
    return PairSet.from_file(folder / "list.txt", folder / "faces")


def test_a_number_in_both_lines_is_one_person_and_zero_is_two(tmp_path):
    pairs = read(
        tmp_path, "Ann_1.jpg 7", "Ann_2.jpg 7", "Ann_1.jpg 0", "Bob_1.jpg 0"
    )
    assert pairs.is_same.tolist() == [True, False]
    assert pairs.people.tolist() == ["Ann", "Ann", "Bob"]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (("Ann_1.jpg 1", "Ann_2.jpg 0"), "line 2: a pair must be two lines"),
        (("Ann_1.jpg 1", "Ann_2.jpg 1", "Bob_1.jpg 0"), "line 3: a pair"),
        (("Ann_1.jpg 1", "Ann_2.jpg 1", "x", "Bob_1.jpg 0"), "line 4: a pair"),
        (("Ann_1.jpg 1",), "must begin as one of the forms"),
        (("Ann_1.jpg x", "Ann_2.jpg x"), "must begin as one of the forms"),
    ],
)
def test_a_wrong_line_is_named(tmp_path, lines, message):
    with pytest.raises(ValueError, match=message):
        read(tmp_path, *lines)
