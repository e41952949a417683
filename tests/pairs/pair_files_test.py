import pickle
from pathlib import Path

import numpy as np
import pytest
from record_files import encoded

from keras_sphereface.contract import read_image
from keras_sphereface.evaluation import evaluate_pairs
from keras_sphereface.pairs import PairSet, has_own_images, read_bin
from keras_sphereface.pairs.pair_folds import ten_folds

SHARED = Path(__file__).parents[2] / ".." / "shared" / "faces"
SAMPLE = SHARED / "formats" / "faces_sample_112x112" / "sample.bin"


def write_bin(path, num_pairs=20, *, protocol=4):
    """Pairs in turn of one person and of two; image 0 is in all of them."""
    images = []
    for pair in range(num_pairs):
        images += [encoded(0), encoded(pair + 1)]
    is_same = [pair % 2 == 0 for pair in range(num_pairs)]
    path.write_bytes(pickle.dumps((images, is_same), protocol))
    return images, is_same


def write_images(folder, names):
    for seed, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encoded(seed))
    return folder


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_bin_file_gives_each_image_once(tmp_path, protocol):
    images, is_same = write_bin(tmp_path / "x.bin", protocol=protocol)
    assert read_bin(tmp_path / "x.bin")[0] == images
    pairs = PairSet.from_file(tmp_path / "x.bin")
    assert len(pairs) == 20
    assert len(pairs.images) == 21
    assert pairs.is_same.tolist() == is_same
    assert pairs.folds.tolist() == np.repeat(range(10), 2).tolist()
    for pair in range(20):
        assert pairs.images[pairs.index_a[pair]] == images[2 * pair]
        assert pairs.images[pairs.index_b[pair]] == images[2 * pair + 1]
    first = next(pairs.batches())
    np.testing.assert_array_equal(first[1], read_image(images[1]))


def test_a_pair_of_one_file_twice_stays_a_pair(tmp_path):
    images = [encoded(0), encoded(0), encoded(1), encoded(2)]
    (tmp_path / "x.bin").write_bytes(pickle.dumps((images, [True, False])))
    pairs = PairSet.from_file(tmp_path / "x.bin")
    assert len(pairs.images) == 4
    assert (pairs.index_a != pairs.index_b).all()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([b"a", b"b"], "must hold a list of images and one of booleans"),
        (([b"a", b"b"], [True], []), "must hold a list of images"),
        (([b"a", b"b"], [b"c"]), "True or False"),
        (([b"a", True], [True]), "image 1 must be a byte string"),
        (([b"a", b""], [True]), "image 1 must be a byte string"),
        (([b"a", b"b", b"c"], [True]), "two images per pair"),
        (([], []), "two images per pair"),
        (([b"a", b"b"], [1.0]), "byte strings and booleans only"),
        (([b"a", "b"], [True]), "byte strings and booleans only"),
    ],
)
def test_another_pickle_is_an_error_that_names_the_file(
    tmp_path, content, message
):
    (tmp_path / "x.bin").write_bytes(pickle.dumps(content))
    with pytest.raises(ValueError, match=rf"x\.bin.*{message}"):
        PairSet.from_file(tmp_path / "x.bin")


def test_a_broken_image_in_a_bin_file_is_named(tmp_path):
    images = [encoded(0), encoded(1), encoded(2), b"no image"]
    (tmp_path / "x.bin").write_bytes(pickle.dumps((images, [True, False])))
    pairs = PairSet.from_file(tmp_path / "x.bin")
    with pytest.raises(ValueError, match=r"image b of pair 1 in .*x\.bin"):
        list(pairs.batches())


def test_folds_hold_both_kinds_also_where_the_file_sorts_them():
    alternating = np.arange(60) % 2 == 0
    np.testing.assert_array_equal(
        ten_folds(alternating), np.repeat(np.arange(10), 6)
    )
    for is_same in (np.arange(60) < 30, np.arange(61) < 12):
        folds = ten_folds(is_same)
        for kind in (True, False):
            counts = np.bincount(folds[is_same == kind], minlength=10)
            assert counts.min() >= 1
            assert counts.max() - counts.min() <= 1


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


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="file of pairs"):
        PairSet.from_file(tmp_path / "none.txt")
    (tmp_path / "pairs.txt").write_text("1\n")
    with pytest.raises(ValueError, match="`root` must be the folder"):
        PairSet.from_file(tmp_path / "pairs.txt")
    with pytest.raises(FileNotFoundError, match="Pair_list_F"):
        PairSet.from_file(tmp_path)
    assert has_own_images("lfw.bin")
    assert not has_own_images("pairs.txt")


@pytest.mark.skipif(not SAMPLE.is_file(), reason="needs ../shared/faces")
def test_a_real_bin_file_has_600_pairs_of_1200_images():
    images, is_same = read_bin(SAMPLE)
    assert len(images) == 1200
    assert len(is_same) == 600
    assert is_same.sum() == 300
    known = {path.read_bytes() for path in SHARED.glob("*/*/*.jpg")}
    assert set(images) <= known

    def embed(batch):
        small = batch[:, ::8, ::8].reshape(len(batch), -1)
        return small.astype("float32") - 128

    report = evaluate_pairs(embed, PairSet.from_file(SAMPLE), resamples=0)
    assert 0.5 < report.accuracy < 1
