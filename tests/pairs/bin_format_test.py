"""InsightFace's files, written here by pickle, and a real one."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from record_files import encoded

from keras_sphereface.contract import read_image
from keras_sphereface.evaluation import evaluate_pairs
from keras_sphereface.pairs import PairSet, read_bin

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
