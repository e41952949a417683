from pathlib import Path

import numpy as np
import pytest

from keras_sphereface.pairs import PairSet

FACES = Path(__file__).parents[3] / "shared" / "faces"

TWO_FOLDS = """2\t2
Ann\t1\t2
Bob\t1\t2
Ann\t1\tBob\t1
Ann\t2\tBob\t2
Cy\t1\t2
Dee\t1\t2
Cy\t1\tDee\t1
Cy\t2\tDee\t2
"""


def make_root(folder, suffix=".jpg", people=("Ann", "Bob", "Cy", "Dee")):
    for name in people:
        (folder / name).mkdir(parents=True)
        for number in (1, 2):
            (folder / name / f"{name}_{number:04d}{suffix}").write_bytes(b"")
    return folder


def write(folder, text):
    path = folder / "pairs.txt"
    path.write_text(text, encoding="utf-8", newline="")
    return path


def pair_names(pairs):
    """The pairs as text, in file order, read back from the indices."""
    return [
        (Path(pairs.images[a]).stem, Path(pairs.images[b]).stem)
        for a, b in zip(pairs.index_a, pairs.index_b, strict=True)
    ]


@pytest.mark.parametrize("suffix", [".jpg", ".jpeg", ".png"])
def test_reads_the_pairs_in_order(tmp_path, suffix):
    root = make_root(tmp_path / "faces", suffix)
    pairs = PairSet.from_lfw(write(tmp_path, TWO_FOLDS), root)
    assert pair_names(pairs) == [
        ("Ann_0001", "Ann_0002"),
        ("Bob_0001", "Bob_0002"),
        ("Ann_0001", "Bob_0001"),
        ("Ann_0002", "Bob_0002"),
        ("Cy_0001", "Cy_0002"),
        ("Dee_0001", "Dee_0002"),
        ("Cy_0001", "Dee_0001"),
        ("Cy_0002", "Dee_0002"),
    ]
    np.testing.assert_array_equal(pairs.is_same, [True, True, False, False] * 2)
    np.testing.assert_array_equal(pairs.folds, [0] * 4 + [1] * 4)
    assert len(pairs.images) == 8
    assert pairs.images[0] == root / "Ann" / f"Ann_0001{suffix}"


@pytest.mark.parametrize(
    "rewrite",
    [
        lambda text: text.replace("\t", " "),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\ufeff" + text + "\n\n",
        lambda text: text.replace("2\t2\n", "2\n", 1),  # folds not stated
        lambda text: text.rstrip("\n"),
    ],
    ids=["spaces", "windows", "mark and blank lines", "one number", "no end"],
)
def test_reads_the_variants_in_use(tmp_path, rewrite):
    root = make_root(tmp_path / "faces")
    expected = PairSet.from_lfw(write(tmp_path, TWO_FOLDS), root)
    pairs = PairSet.from_lfw(write(tmp_path, rewrite(TWO_FOLDS)), root)
    assert pair_names(pairs) == pair_names(expected)
    np.testing.assert_array_equal(pairs.folds, expected.folds)


def test_names_may_hold_spaces_between_tabs(tmp_path):
    root = make_root(tmp_path / "faces", people=("Ann Lee", "Bob"))
    text = "1\t1\nAnn Lee\t1\t2\nAnn Lee\t1\tBob\t2\n"
    pairs = PairSet.from_lfw(write(tmp_path, text), root)
    assert pair_names(pairs)[0] == ("Ann Lee_0001", "Ann Lee_0002")


def test_an_image_that_is_not_there_is_named_with_its_line(tmp_path):
    root = make_root(tmp_path / "faces")
    (root / "Bob" / "Bob_0002.jpg").unlink()
    (root / "Dee" / "Dee_0001.jpg").unlink()
    message = r"pairs\.txt, line 3: no image .*Bob_0002\.jpg.*2 missing images"
    with pytest.raises(FileNotFoundError, match=message):
        PairSet.from_lfw(write(tmp_path, TWO_FOLDS), root)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty.*pairs.txt"),
        ("\n \n", "empty.*pairs.txt"),
        ("Ann\t1\t2\n", "line 1: the first line.*'Ann 1 2'"),
        ("2\t-2\nAnn\t1\t2\n", "line 1: the first line.*'2 -2'"),
        ("1\t2\t3\nAnn\t1\t2\n", "line 1: the first line.*'1 2 3'"),
        ("0\t2\n", "line 1: the first line.*'0 2'"),
        (TWO_FOLDS[:-12], "promises 2 folds of 2 [*] 2 pairs.*7 pairs"),
        (TWO_FOLDS + "Ann\t1\t2\n", "promises 2 folds.*9 pairs"),
        ("3\nAnn\t1\t2\n", "promises 1 folds of 2 [*] 3 pairs.*1 pairs"),
        (TWO_FOLDS.replace("Cy\t1\t2", "Cy\t1"), "line 6: a pair must be"),
        (TWO_FOLDS.replace("Cy\t1\t2", "Cy\t1\tx"), "line 6: a pair must be"),
        (TWO_FOLDS.replace("Cy\t1\t2", "Cy\t0\t2"), "line 6: a pair must be"),
        (
            TWO_FOLDS.replace("Cy\t1\t2", "Cy\t1\tCy\t2"),
            "line 6: a pair must be",
        ),
        (TWO_FOLDS.replace("Cy\t1\t2", "Cy\t2\t2"), "line 6.*Cy 2 twice"),
        (
            TWO_FOLDS.replace("Cy\t1\t2", "Cy\t1\tAnn\t2"),
            "fold 1 must have 2 pairs of one person.*: 1",
        ),
    ],
)
def test_a_damaged_file_is_named_with_its_line(tmp_path, text, message):
    root = make_root(tmp_path / "faces")
    with pytest.raises(ValueError, match=message):
        PairSet.from_lfw(write(tmp_path, text), root)


def test_a_file_that_is_no_text_is_named(tmp_path):
    path = tmp_path / "pairs.txt"
    path.write_bytes(b"\xff\xd8\xff\xe0\x00")
    with pytest.raises(ValueError, match=r"pairs\.txt, line 1: must be UTF-8"):
        PairSet.from_lfw(path, make_root(tmp_path / "faces"))


def test_a_missing_file_or_root_is_named(tmp_path):
    root = make_root(tmp_path / "faces")
    with pytest.raises(FileNotFoundError, match=r"nothing\.txt"):
        PairSet.from_lfw(tmp_path / "nothing.txt", root)
    with pytest.raises(FileNotFoundError, match=r"`root`.*nowhere"):
        PairSet.from_lfw(write(tmp_path, TWO_FOLDS), tmp_path / "nowhere")


@pytest.mark.skipif(not FACES.is_dir(), reason="needs the shared real faces")
def test_reads_the_shared_set_of_3000_pairs():
    pairs = PairSet.from_lfw(FACES / "pairs.txt", FACES / "test")
    assert len(pairs) == 3000
    assert pairs.is_same.sum() == 1500
    np.testing.assert_array_equal(np.bincount(pairs.folds), [300] * 10)
    people_in_fold = [
        {
            Path(pairs.images[index]).parent.name
            for column in (pairs.index_a, pairs.index_b)
            for index in column[pairs.folds == fold]
        }
        for fold in range(10)
    ]
    assert sum(map(len, people_in_fold)) == len(set().union(*people_in_fold))
