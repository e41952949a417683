"""Where images are found; `pair_files_test.py` has the names in use."""

import os
import time
from pathlib import Path

import pytest

from keras_sphereface.pairs.image_finder import ImageFinder


def make(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return ImageFinder(root)


def test_the_usual_name_wins_over_others(tmp_path):
    names = ["Ann_0001.png", "Ann_1.jpg", "Ann_0001_0.png", "0001.jpg"]
    finder = make(tmp_path, *(f"Ann/{name}" for name in names))
    assert finder.find(("Ann", 1)) == tmp_path / "Ann" / "Ann_0001.png"
    finder = make(tmp_path, "Bob/Bob_0001.BMP", "Bob/Bob_0001.Png")
    assert finder.find(("Bob", 1)).name == "Bob_0001.Png"


def test_names_with_dots_are_no_suffixes(tmp_path):
    finder = make(tmp_path, "m.0abc/m.0abc_0001.jpg")
    assert finder.find(("m.0abc", 1)) is not None
    assert finder.find("m.0abc/m.0abc_0001") is not None


def test_a_bare_number_of_another_folder_is_not_taken(tmp_path):
    finder = make(tmp_path, "0001.jpg", "Bob/0002.jpg")
    assert finder.find("Ann/0001.jpg") is None
    assert finder.find(("Ann", 1)) is None


def test_one_image_says_how_many_folders_are_above(tmp_path):
    finder = make(tmp_path, "Ann/1.jpg", "x/Ann/2.jpg")
    assert finder.find("lfw/Ann/1.jpg") == tmp_path / "Ann" / "1.jpg"
    # As a path of its own it would be there.
    assert finder.find("x/Ann/2.jpg") is None


def test_folders_and_other_files_are_no_images(tmp_path):
    finder = make(tmp_path, "Ann/Ann_0001.txt", "Ann/Ann_0002.BMP/x")
    assert finder.find(("Ann", 1)) is None
    assert finder.find(("Ann", 2)) is None


def test_a_list_of_another_folder_ends_after_a_thousand_images(tmp_path):
    finder = make(tmp_path, "Zoe/Zoe_0001.jpg")
    lines = [
        (number, (f"Ann{number}", 1), (f"Ann{number}", 2))
        for number in range(2, 2002)
    ]
    with pytest.raises(FileNotFoundError, match="none of the first 1000 im"):
        finder.find_pairs(tmp_path / "pairs.txt", lines)
    # Where one is there, all that are missing are counted.
    lines.append((2002, ("Zoe", 1), ("Ann1", 2)))
    with pytest.raises(FileNotFoundError, match="Received: 4001 missing"):
        finder.find_pairs(tmp_path / "pairs.txt", lines[::-1])


@pytest.mark.parametrize(
    "name",
    [
        *("", "/", ".", "..", "a\0b", "x" * 5000, "/".join("x" * 50_000)),
        *(("", 1), ("a\0b", 1), ("..", 1), ("x" * 5000, 1)),
    ],
)
def test_names_that_none_can_have_are_not_found(tmp_path, name):
    assert ImageFinder(tmp_path).find(name) is None


def test_a_pair_of_one_file_is_an_error_with_its_line(tmp_path):
    finder = make(tmp_path, "Ann/Ann_0001.jpg")
    lines = [(7, "Ann/Ann_0001.jpg", "Ann/Ann_1.png")]
    with pytest.raises(ValueError, match=r"list, line 7: .*two images"):
        finder.find_pairs(Path("list"), lines)


def test_a_large_folder_is_listed_once(tmp_path, monkeypatch):
    finder = make(tmp_path, *(f"Ann_{k}.BMP" for k in range(2000)))
    listed = []
    scandir = os.scandir
    monkeypatch.setattr(
        os, "scandir", lambda path: listed.append(path) or scandir(path)
    )
    started = time.perf_counter()
    found = [finder.find(("Ann", k)) for k in range(1, 2000)]
    assert all(found)
    # `Ann` is no folder, and its parent is listed once.
    assert len(listed) == 2
    assert time.perf_counter() - started < 5
