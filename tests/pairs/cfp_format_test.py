"""The folders of CFP, two people large."""

from pathlib import Path

import pytest
from record_files import write_images

from keras_sphereface.pairs import PairSet
from keras_sphereface.pairs.cfp_format import read_cfp_pairs


def write_cfp(root):
    write_images(
        root / "Data" / "Images",
        [
            f"{person:03d}/{kind}/{number:02d}.jpg"
            for person in (1, 2)
            for kind in ("frontal", "profile")
            for number in (1, 2)
        ],
    )
    protocol = root / "Protocol"
    for letter, kind in (("F", "frontal"), ("P", "profile")):
        lines = [
            f"{2 * person + number - 2} "
            f"../Data/Images/{person:03d}/{kind}/{number:02d}.jpg"
            for person in (1, 2)
            for number in (1, 2)
        ]
        protocol.mkdir(exist_ok=True)
        (protocol / f"Pair_list_{letter}.txt").write_text("\n".join(lines))
    for fold in ("01", "02"):
        split = protocol / "Split" / "FP" / fold
        split.mkdir(parents=True)
        (split / "same.txt").write_text("1,2\n3,4\n")
        (split / "diff.txt").write_text("1,3\n2,4\n")
    return root


def test_the_folders_of_cfp_give_frontal_to_profile_pairs(tmp_path):
    pairs = PairSet.from_file(write_cfp(tmp_path))
    assert pairs.folds.tolist() == [0] * 4 + [1] * 4
    assert pairs.is_same.tolist() == [True, True, False, False] * 2
    names = [
        "/".join(Path(pairs.names[index]).parts[-3:])
        for index in (pairs.index_a[2], pairs.index_b[2])
    ]
    assert names == ["001/frontal/01.jpg", "002/profile/01.jpg"]
    assert set(pairs.people) == {"001", "002"}


def test_a_wrong_line_of_cfp_is_named(tmp_path):
    root = write_cfp(tmp_path)
    split = root / "Protocol" / "Split" / "FP" / "02" / "diff.txt"
    split.write_text("1,3\n2,9\n")
    with pytest.raises(ValueError, match=r"diff\.txt, line 2.*'2,9'"):
        PairSet.from_file(root)


def test_frontal_to_frontal_is_another_protocol(tmp_path):
    root = write_cfp(tmp_path)
    with pytest.raises(FileNotFoundError, match="Split/FF/01"):
        read_cfp_pairs(root, "FF")
    split = root / "Protocol" / "Split" / "FF" / "01"
    split.mkdir(parents=True)
    (split / "same.txt").write_text("1,2\n")
    (split / "diff.txt").write_text("\n2,3\n")
    columns = read_cfp_pairs(root, "FF")
    names = ["/".join(path.parts[-3:]) for path in columns["images"]]
    assert names == [
        "001/frontal/01.jpg",
        "001/frontal/02.jpg",
        "002/frontal/01.jpg",
    ]
    assert columns["index_a"].tolist() == [0, 1]
    assert columns["index_b"].tolist() == [1, 2]
    assert columns["people"].tolist() == ["001", "001", "002"]


def test_what_cannot_be_read_is_named(tmp_path):
    root = write_cfp(tmp_path)
    with pytest.raises(ValueError, match="`protocol` must be one of"):
        read_cfp_pairs(root, "PP")
    (root / "Data" / "Images" / "001" / "profile" / "02.jpg").unlink()
    with pytest.raises(FileNotFoundError, match=r"same\.txt, line 1: no image"):
        read_cfp_pairs(root)
    (root / "Protocol" / "Pair_list_P.txt").write_text("one a.jpg\n")
    with pytest.raises(ValueError, match=r"Pair_list_P\.txt, line 1"):
        read_cfp_pairs(root)
