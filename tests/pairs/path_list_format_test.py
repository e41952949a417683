"""Lists of two paths and the truth: what they say, and what they must not."""

import pytest
from record_files import write_images

from keras_sphereface.pairs import PairSet

NAMES = ["Ann/1.jpg", "Ann/2.jpg", "Bob/1.jpg", "Bob/2.jpg"]


def read(folder, text):
    write_images(folder / "faces", NAMES)
    (folder / "list.txt").write_text(text)
    return PairSet.from_file(folder / "list.txt", folder / "faces")


def test_a_fourth_field_is_the_fold(tmp_path):
    pairs = read(
        tmp_path,
        "Ann/1.jpg Ann/2.jpg 1 4\nAnn/1.jpg Bob/1.jpg 0 7\n"
        "Bob/1.jpg Bob/2.jpg 1 4\n",
    )
    assert pairs.folds.tolist() == [4, 7, 4]
    assert pairs.is_same.tolist() == [True, False, True]
    assert pairs.index_a.tolist() == [0, 0, 2]
    assert pairs.index_b.tolist() == [1, 2, 3]


def test_folders_are_people_where_all_pairs_agree(tmp_path):
    pairs = read(tmp_path, "1 Ann/1.jpg Ann/2.jpg\n0 Ann/1.jpg Bob/1.jpg\n")
    assert pairs.people.tolist() == ["Ann", "Ann", "Bob"]
    pairs = read(tmp_path, "1 Ann/1.jpg Ann/2.jpg\n1 Ann/1.jpg Bob/1.jpg\n")
    assert pairs.people is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Ann/1.jpg Bob/1.jpg 0\nAnn/1.jpg Ann/2.jpg\n", "line 2: a pair must"),
        ("Ann/1.jpg Bob/1.jpg 0\n\nAnn/1.jpg Ann/2.jpg 7\n", "line 3: a pair"),
        ("0 Ann/1.jpg Bob/1.jpg\n7 Ann/1.jpg Ann/2.jpg\n", "line 2: a pair"),
        (
            "Ann/1.jpg Bob/1.jpg 0 1\nAnn/1.jpg Ann/2.jpg 1 x\n",
            "line 2: a pair",
        ),
        ("Ann/1.jpg Bob/1.jpg 0\nAnn/1.jpg Ann/1.jpg 1\n", "line 2.*twice"),
        ("Ann/1.jpg Ann/1.png 1\n", "line 1: a pair must show two images"),
        ("3\nAnn/1.jpg Bob/1.jpg 0\n", "'3', must count.*1 pairs"),
        ("2 1\nAnn/1.jpg Bob/1.jpg 0\n", "'2 1', must count.*1 pairs"),
        ("Ann/1.jpg Bob/1.jpg\n", "must begin as one of the forms"),
        ("Ann/1.jpg Bob/1.jpg 0.5\n", "must begin as one of the forms"),
        ("\n \n", "empty"),
    ],
)
def test_a_wrong_line_is_named(tmp_path, text, message):
    with pytest.raises(ValueError, match=rf"list\.txt.*{message}|{message}"):
        read(tmp_path, text)


def test_missing_images_are_counted(tmp_path):
    message = r"list\.txt, line 2: no image .*Cy/1\.jpg.*Received: 2 missing"
    with pytest.raises(FileNotFoundError, match=message):
        read(
            tmp_path,
            "Ann/1.jpg Bob/1.jpg 0\nAnn/1.jpg Cy/1.jpg 0\n"
            "Cy/1.jpg Dee/1.jpg 0\n",
        )
