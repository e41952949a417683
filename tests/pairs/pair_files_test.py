"""Every form of the field gives the pairs that were written."""

import csv
import io
import shutil
from pathlib import Path

import numpy as np
import pytest
from pair_writers import (
    IS_SAME,
    PAIRS,
    in_folds,
    lfw_line,
    make_images,
    numbered_two_lines,
    paths_of,
    two_lines,
    write_agedb,
)

from keras_sphereface.pairs import PairSet, has_own_images

PADDED = "{name}/{name}_{number:04d}.jpg"


def lines(*texts, end="\n"):
    return end.join(texts) + end


def path_lines(separator=" ", order=(0, 1, 2), words=("0", "1"), form=PADDED):
    """Lines of two paths and the truth, in an order."""
    rows = [
        (*paths_of(pair, form), words[same])
        for pair, same in zip(PAIRS, IS_SAME, strict=True)
    ]
    return lines(*(separator.join(row[k] for k in order) for row in rows))


def table(header, delimiter=",", index=False, folds=False, words=("0", "1")):
    """A CSV with a header, by Python's own writer."""
    file = io.StringIO()
    writer = csv.writer(file, delimiter=delimiter)
    writer.writerow([*([""] if index else []), *header])
    for place, (pair, same) in enumerate(zip(PAIRS, IS_SAME, strict=True)):
        row = [*paths_of(pair), words[same]]
        row = [place, *row] if index else row
        writer.writerow([*row, place // 6] if folds else row)
    return file.getvalue()


def kaggle(header, mark="", label=False):
    rows = [header]
    for pair in PAIRS:
        text = lfw_line(pair, ",")
        if label:
            a, i, b, j = pair
            text = f"{a},{i},{b},{j},{int(a == b)}"
        rows.append(text + mark * (pair[0] == pair[2]))
    return lines(*rows)


FOLDS = in_folds(PAIRS, 2)
# The name of the file, its text, and the pairs in its order.
TEXTS = {
    "LFW": ("pairs.txt", lines("6\t2", *map(lfw_line, FOLDS)), FOLDS),
    "LFW, spaces": (
        "pairs.txt",
        lines("6 2", *(lfw_line(pair, " ") for pair in FOLDS)),
        FOLDS,
    ),
    "LFW, folds not counted": (
        "pairs.txt",
        lines("2", *map(lfw_line, FOLDS)),
        FOLDS,
    ),
    "LFW, commas": (
        "pairs.csv",
        lines("6,2", *(lfw_line(pair, ",") for pair in FOLDS)),
        FOLDS,
    ),
    "view 1": (
        "pairsDevTest.txt",
        lines("12", *map(lfw_line, in_folds(PAIRS, 12))),
        in_folds(PAIRS, 12),
    ),
    "RFW": ("Asian_pairs.txt", lines(*map(lfw_line, FOLDS)), FOLDS),
    "RFW, spaces": (
        "pairs.txt",
        lines(*(lfw_line(pair, " ") for pair in FOLDS)),
        FOLDS,
    ),
    "RFW, semicolons": (
        "pairs.csv",
        lines(*(lfw_line(pair, ";") for pair in FOLDS)),
        FOLDS,
    ),
    "InsightFace": ("pairs_label.txt", path_lines(), PAIRS),
    "path list, tabs": ("lfw_test_pair.txt", path_lines("\t"), PAIRS),
    "path list, commas": ("pairs.txt", path_lines(","), PAIRS),
    "path list, commas and spaces": ("pairs.txt", path_lines(", "), PAIRS),
    "path list, semicolons": ("pairs.csv", path_lines(";"), PAIRS),
    "path list, bars": ("pairs.txt", path_lines("|"), PAIRS),
    "path list, -1": ("cfp-ff-pair.txt", path_lines(words=("-1", "1")), PAIRS),
    "path list, words": (
        "pairs.txt",
        path_lines(words=("False", "True")),
        PAIRS,
    ),
    "path list, same": (
        "pairs.txt",
        path_lines(words=("different", "same")),
        PAIRS,
    ),
    "path list, floats": ("pairs.txt", path_lines(words=("0.0", "1.0")), PAIRS),
    "path list, genuine": (
        "pairs.txt",
        path_lines(words=("impostor", "genuine")),
        PAIRS,
    ),
    "path list, counted": ("pairs.txt", "24\n" + path_lines(), PAIRS),
    "path list, folds counted": ("pairs.txt", "6 2\n" + path_lines(), PAIRS),
    "path list, no suffixes": (
        "pairs.txt",
        path_lines(form=PADDED.removesuffix(".jpg")),
        PAIRS,
    ),
    "path list, another suffix": (
        "pairs.txt",
        path_lines(form=PADDED.replace(".jpg", ".png")),
        PAIRS,
    ),
    "path list, a folder above": (
        "pairs.txt",
        path_lines(form="data/lfw/" + PADDED),
        PAIRS,
    ),
    "path list, another machine": (
        "pairs.txt",
        path_lines(form="/somewhere/lfw/" + PADDED),
        PAIRS,
    ),
    "path list, dots": ("pairs.txt", path_lines(form="./" + PADDED), PAIRS),
    "path list, Windows": (
        "pairs.txt",
        path_lines(form=PADDED.replace("/", "\\")).replace("\n", "\r\n"),
        PAIRS,
    ),
    "path list, a drive": (
        "pairs.txt",
        path_lines(form="D:\\lfw\\" + PADDED.replace("/", "\\")),
        PAIRS,
    ),
    "path list, names without folders": (
        "pairs.txt",
        path_lines(form="{name}_{number:04d}.jpg"),
        PAIRS,
    ),
    "OpenSphere": ("lfw_pairs.lst", path_lines(order=(2, 0, 1)), PAIRS),
    "OpenSphere, commas": (
        "pairs.txt",
        path_lines(",", order=(2, 0, 1)),
        PAIRS,
    ),
    "comment, mark, blank lines": (
        "pairs.txt",
        "\ufeff# two images\n\n" + path_lines().replace("\n", "\n\n"),
        PAIRS,
    ),
    "old Macintosh": ("pairs.txt", path_lines().replace("\n", "\r"), PAIRS),
    "CPLFW": (
        "pairs_CPLFW.txt",
        lines(*two_lines(PAIRS)),
        in_folds(PAIRS, 12),
    ),
    "CPLFW, tabs": (
        "pairs.txt",
        lines(*two_lines(PAIRS, separator="\t")),
        in_folds(PAIRS, 12),
    ),
    "CALFW": (
        "pairs_CALFW.txt",
        lines(*numbered_two_lines(PAIRS)),
        in_folds(PAIRS, 12),
    ),
    "table": ("p.csv", table(("image_a", "image_b", "is_same")), PAIRS),
    "table, folds": (
        "p.csv",
        table(("image_a", "image_b", "is_same", "fold"), folds=True),
        PAIRS,
    ),
    "CVLface": ("p.csv", table(("A", "B", "is_same")), PAIRS),
    "CVLface, pandas": ("p.csv", table(("A", "B", "is_same"), index=1), PAIRS),
    "table, img1": ("p.csv", table(("img1", "img2", "label")), PAIRS),
    "table, path0": ("p.csv", table(("path0", "path1", "target")), PAIRS),
    "table, Image_1": ("p.csv", table(("Image_1", "Image_2", "Same")), PAIRS),
    "table, left": ("p.csv", table(("left", "right", "match")), PAIRS),
    "table, file1": ("p.tsv", table(("file1", "file2", "y"), "\t"), PAIRS),
    "table, semicolons": (
        "p.csv",
        table(("image1", "image2", "issame"), ";", words=("FALSE", "TRUE")),
        PAIRS,
    ),
    "table, first image": (
        "p.csv",
        table(("first_image", "second_image", "is_match")),
        PAIRS,
    ),
    "table, spaces": (
        "p.txt",
        table(("image_a", "image_b", "is_same"), " "),
        PAIRS,
    ),
    "Kaggle": (
        "pairs.csv",
        kaggle("name,imagenum1,imagenum2,", mark=","),
        PAIRS,
    ),
    "Kaggle, no mark": ("pairs.csv", kaggle("name,imagenum1,imagenum2"), PAIRS),
    "Kaggle, balanced": (
        "pairs.csv",
        kaggle("name1,imagenum1,name2,imagenum2,label", label=True),
        PAIRS,
    ),
}


def check(pairs, expected):
    """The images and the truth of each pair, read back from the indices."""
    found = [
        tuple(Path(pairs.names[index]).stem for index in both)
        for both in zip(pairs.index_a, pairs.index_b, strict=True)
    ]
    assert found == [paths_of(pair, "{name}_{number:04d}") for pair in expected]
    assert pairs.is_same.tolist() == [a == b for a, _, b, _ in expected]
    assert len(pairs.images) == len({name for pair in found for name in pair})


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return make_images(tmp_path_factory.mktemp("faces"))


@pytest.mark.parametrize("form", TEXTS)
def test_a_form_of_text_gives_its_pairs(tmp_path, root, form):
    name, text, expected = TEXTS[form]
    (tmp_path / name).write_text(text, "utf-8", newline="")
    pairs = PairSet.from_file(tmp_path / name, root)
    check(pairs, expected)
    num_folds = {"LFW": 6, "view 1": 1, "table, folds": 4}
    if form in num_folds:
        assert len(np.unique(pairs.folds)) == num_folds[form]
    if not form.startswith(("table", "CVLface")):
        names = [Path(name).stem.rpartition("_")[0] for name in pairs.names]
        assert pairs.people.tolist() == names


def test_lfw_files_and_pair_sets_have_their_folds(tmp_path, root):
    (tmp_path / "p.txt").write_text(TEXTS["path list, folds counted"][1])
    folds = PairSet.from_file(tmp_path / "p.txt", root).folds
    assert folds.tolist() == np.repeat(range(6), 4).tolist()
    (tmp_path / "p.txt").write_text(TEXTS["CPLFW"][1])
    pairs = PairSet.from_file(tmp_path / "p.txt", root)
    for fold in range(10):  # one or two of each kind, of twelve
        same = pairs.is_same[pairs.folds == fold]
        assert 1 <= same.sum() <= 2
        assert 1 <= (~same).sum() <= 2


@pytest.mark.parametrize("named", ["match", "mismatch"])
def test_view_1_of_kaggle_is_in_two_files(tmp_path, root, named):
    for kind, header in (
        ("match", "name,imagenum1,imagenum2"),
        ("mismatch", "name,imagenum1,name,imagenum2"),
    ):
        rows = [lfw_line(pair, ",") for pair in PAIRS]
        width = 3 if kind == "match" else 4
        rows = [row for row in rows if len(row.split(",")) == width]
        path = tmp_path / f"{kind}pairsDevTest.csv"
        path.write_text(lines(header, *rows))
    pairs = PairSet.from_file(tmp_path / f"{named}pairsDevTest.csv", root)
    assert pairs.is_same.sum() == 12
    assert len(pairs) == 24
    assert set(pairs.folds.tolist()) == {0}
    assert len(pairs.images) == 12
    path.unlink()
    alone = PairSet.from_file(tmp_path / "matchpairsDevTest.csv", root)
    assert alone.is_same.all()


@pytest.mark.parametrize("compress", [False, True])
def test_agedb_is_read_as_it_is_published(tmp_path, compress):
    name = "{number}{name}_50_f"
    root = make_images(tmp_path / "faces", name + ".jpg")
    splits = [FOLDS[:12], FOLDS[12:]]
    path = tmp_path / "AgeDB_30.mat"
    write_agedb(
        path, splits, lambda pair: paths_of(pair, name), compress=compress
    )
    pairs = PairSet.from_file(path, root)
    stems = [
        (Path(pairs.names[a]).stem, Path(pairs.names[b]).stem)
        for a, b in zip(pairs.index_a, pairs.index_b, strict=True)
    ]
    assert stems == [paths_of(pair, name) for pair in FOLDS]
    assert pairs.is_same.tolist() == [a == b for a, _, b, _ in FOLDS]
    assert pairs.folds.tolist() == [0] * 12 + [1] * 12
    shutil.move(path, tmp_path / "protocol")  # known by its content
    assert len(PairSet.from_file(tmp_path / "protocol", root)) == 24


@pytest.mark.parametrize(
    "form",
    [
        "{name}/{name}_{number:04d}.JPG",
        "{name}/{name}_{number:04d}.jpeg",
        "{name}/{name}_{number:04d}.bmp",
        "{name}/{name}_{number:04d}.PNG",
        "{name}/{name}_{number:04d}.webp",
        "{name}/{name}_{number:04d}_0.png",  # facenet
        "{name}/{name}_{number}.jpg",
        "{name}/{name}_{number:03d}.jpg",
        "{name}/{number:04d}.jpg",
        "{name}/{number}.png",
        "{name}_{number:04d}.jpg",
        "{name}_{number}.JPG",
        "{name}_{number:04d}_0.png",
    ],
)
def test_images_are_found_under_the_names_in_use(tmp_path, form):
    root = make_images(tmp_path / "faces", form)
    (tmp_path / "pairs.txt").write_text(TEXTS["LFW"][1])
    pairs = PairSet.from_file(tmp_path / "pairs.txt", root)
    expected = {root / name for pair in PAIRS for name in paths_of(pair, form)}
    assert set(pairs.images) == expected


@pytest.mark.parametrize(
    "header", ["image_a,image_b,is_same\n", "name,imagenum1,imagenum2,\n"]
)
def test_a_header_alone_is_an_error_with_the_file(tmp_path, header):
    (tmp_path / "pairs.csv").write_text(header)
    with pytest.raises(ValueError, match=r"pairs\.csv must name at least one"):
        PairSet.from_file(tmp_path / "pairs.csv")


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="file of pairs"):
        PairSet.from_file(tmp_path / "none.txt")
    (tmp_path / "pairs.txt").write_text("1\n")
    with pytest.raises(ValueError, match="`root` must be the folder"):
        PairSet.from_file(tmp_path / "pairs.txt")
    with pytest.raises(FileNotFoundError, match="Pair_list_F"):
        PairSet.from_file(tmp_path)
    with pytest.raises(FileNotFoundError, match="`root` must be the folder"):
        PairSet.from_file(tmp_path / "pairs.txt", tmp_path / "nowhere")
    assert has_own_images("lfw.bin")
    assert not has_own_images("pairs.txt")
