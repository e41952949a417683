"""AgeDB's protocol; `pair_files_test.py` reads a whole one."""

import numpy as np
import pytest
from pair_writers import PAIRS, make_images, paths_of, write_agedb
from scipy.io import savemat

from keras_sphereface.pairs import PairSet

NAME = "{number}_{name}_50_m"


def names_of(pair):
    return paths_of(pair, NAME)


def test_the_middle_of_a_name_says_who_it_is(tmp_path):
    root = make_images(tmp_path / "faces", NAME + ".jpg")
    pairs = [pair for pair in PAIRS if "Ann_Lee" not in pair]
    write_agedb(tmp_path / "p.mat", [pairs], names_of)
    found = PairSet.from_file(tmp_path / "p.mat", root)
    assert set(found.people) == {"Bob", "Cy", "Dee"}


def test_the_names_of_fields_do_not_matter(tmp_path):
    root = make_images(tmp_path / "faces", NAME + ".jpg")
    path = tmp_path / "p.mat"
    write_agedb(path, [PAIRS], names_of, fields=("set", "truth"))
    assert len(PairSet.from_file(path, root)) == len(PAIRS)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"other": [1.0]}, "must have the variable `splits`"),
        ({"splits": [1.0]}, "must have the variable `splits`"),
        ({"splits": {"pairs": "a", "labels": [1]}}, "fold 0 of `splits`"),
        (
            {"splits": {"pairs": np.array([["a"], ["b"]], object), "y": [3]}},
            "fold 0 of `splits`",
        ),
        (
            {
                "splits": {
                    "pairs": np.array([["a"], ["b"]], object),
                    "y": [1, 1],
                }
            },
            "fold 0 of `splits`",
        ),
    ],
)
def test_other_variables_are_an_error(tmp_path, content, message):
    savemat(tmp_path / "p.mat", content)
    with pytest.raises(ValueError, match=rf"p\.mat.*{message}"):
        PairSet.from_file(tmp_path / "p.mat", tmp_path)


def test_a_missing_image_is_named(tmp_path):
    root = make_images(tmp_path / "faces", NAME + ".jpg")
    (root / "1_Bob_50_m.jpg").unlink()
    write_agedb(tmp_path / "p.mat", [PAIRS], names_of)
    with pytest.raises(FileNotFoundError, match=r"no image .*1_Bob_50_m"):
        PairSet.from_file(tmp_path / "p.mat", root)
