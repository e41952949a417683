"""InsightFace's files, written here by pickle, and a real one."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
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
        (([b"a", b"b"], True), "must hold a list of images"),
        (([b"a", b"b"], [b"c"]), "True or False.*bytes"),
        (([b"a", b"b"], [2]), "True or False.*2"),
        (([b"a", b"b"], [0.5]), "True or False.*0.5"),
        (([b"a", b"b"], [float("nan")]), "True or False.*nan"),
        (([b"a", b"b"], [10**400]), "True or False.*int"),
        (([b"a", b"b"], [None]), "byte strings, numbers and arrays only"),
        (([b"a", b"b"], np.array([3])), "True or False.*3"),
        (([b"a", b"b"], np.array([[0, 1], [1, 0]])), r"\(2, 2\)"),
        (([b"a", np.ones((2, 2), "u1")], [1]), r"image 1.*u1, shape=\(2, 2\)"),
        (([b"a", np.ones(2)], [1]), "image 1.*f8"),
        (([b"a", np.ones(0, "u1")], [1]), "image 1"),
        (([b"a", True], [True]), "image 1 must be a byte string"),
        (([b"a", b""], [True]), "image 1 must be a byte string"),
        (([b"a", b"b", b"c"], [True]), "two images per pair"),
        (([], []), "two images per pair"),
        (([b"a", "b"], [True]), "byte strings, numbers and arrays only"),
    ],
)
def test_another_pickle_is_an_error_that_names_the_file(
    tmp_path, content, message
):
    (tmp_path / "x.bin").write_bytes(pickle.dumps(content))
    with pytest.raises(ValueError, match=rf"x\.bin.*{message}"):
        PairSet.from_file(tmp_path / "x.bin")


def as_rows(images):
    return [np.frombuffer(image, np.uint8) for image in images]


def as_columns(images):
    """What older releases of `cv2.imencode` give."""
    return [row.reshape(-1, 1) for row in as_rows(images)]


def as_objects(items):
    array = np.empty(len(items), object)
    array[:] = items
    return array


@pytest.mark.parametrize("protocol", [0, 2, 3, 4, 5])
@pytest.mark.parametrize(
    "pack_images",
    [
        list,
        tuple,
        as_objects,
        as_rows,
        as_columns,
        lambda images: [row.reshape(1, -1) for row in as_rows(images)],
        lambda images: tuple(as_rows(images)),
        lambda images: as_objects(as_columns(images)),
        np.array,  # of the longest, filled up with zeros
    ],
)
def test_images_of_every_form_are_the_same(tmp_path, pack_images, protocol):
    images = [encoded(k, size=(16, 12 + k)) for k in range(8)]
    content = (pack_images(images), [True, False] * 2)
    (tmp_path / "x.bin").write_bytes(pickle.dumps(content, protocol))
    found, is_same = read_bin(tmp_path / "x.bin")
    assert found == images
    assert is_same.tolist() == [True, False] * 2


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
@pytest.mark.parametrize(
    "pack",
    [
        list,
        tuple,
        lambda truth: [int(one) for one in truth],
        lambda truth: [float(one) for one in truth],
        lambda truth: [np.bool_(one) for one in truth],
        lambda truth: [np.int64(one) for one in truth],
        lambda truth: [np.float32(one) for one in truth],
        lambda truth: [np.array([one]) for one in truth],
        lambda truth: tuple(map(int, truth)),
        np.array,
        lambda truth: np.array(truth, np.uint8),
        lambda truth: np.array(truth, ">i4"),
        lambda truth: np.array(truth, np.float64),
        lambda truth: np.array(truth).reshape(-1, 1),
        lambda truth: np.array(truth, object),
        as_objects,
    ],
)
def test_truth_of_every_form_is_the_same(tmp_path, pack, protocol):
    truth = [True, False, False, True, True]
    images = [bytes([k]) for k in range(1, 11)]
    for content in ((images, pack(truth)), [images, pack(truth)]):
        (tmp_path / "x.bin").write_bytes(pickle.dumps(content, protocol))
        found, is_same = read_bin(tmp_path / "x.bin")
        assert found == images
        assert is_same.dtype == bool
        assert is_same.tolist() == truth


def test_a_pickle_of_pairs_is_known_under_any_name(tmp_path):
    images, _ = write_bin(tmp_path / "lfw.pkl")
    pairs = PairSet.from_file(tmp_path / "lfw.pkl")
    assert len(pairs) == 20
    assert pairs.images[0] == images[0]


def test_two_large_images_in_turn_are_compared_once(tmp_path):
    # Equal bytes in two objects, each referred to fifty thousand times:
    # compared reference by reference, these are fifty gigabytes.
    large = b"B\x00\x00\x10\x00" + b"x" * 2**20
    images = b"(" + large + b"q\x00" + large + b"q\x01"
    images += b"h\x00h\x01" * 49_999 + b"l"
    truth = b"(" + b"\x88" * 50_000 + b"l"
    (tmp_path / "x.bin").write_bytes(b"\x80\x03" + images + truth + b"\x86.")
    pairs = PairSet.from_file(tmp_path / "x.bin")
    assert len(pairs) == 50_000
    assert len(pairs.images) == 2


def test_a_broken_image_in_a_bin_file_is_named(tmp_path):
    images = [encoded(0), encoded(1), encoded(2), b"no image"]
    (tmp_path / "x.bin").write_bytes(pickle.dumps((images, [True, False])))
    pairs = PairSet.from_file(tmp_path / "x.bin")
    with pytest.raises(ValueError, match=r"image b of pair 1 in .*x\.bin"):
        list(pairs.batches())


WHOLE = [
    pickle.dumps((as_columns([bytes([k]) * 9 for k in range(1, 9)]), truth), k)
    for k, truth in ((2, [1, 0, 1, 0]), (4, np.arange(4) % 2 == 0))
]


@settings(derandomize=True, deadline=None, max_examples=300)
@given(
    st.sampled_from(WHOLE),
    st.integers(0, 10**6),
    st.sampled_from([*b"(]tR.bh0q\x85\x94", 0, 1, 127, 255]),
    st.booleans(),
)
def test_damage_ends_in_pairs_or_the_error(
    tmp_path_factory, whole, place, byte, is_cut
):
    path = tmp_path_factory.getbasetemp() / "damaged.bin"
    place %= len(whole)
    rest = b"" if is_cut else whole[place + 1 :]
    path.write_bytes(whole[:place] + bytes([byte]) + rest)
    try:
        images, is_same = read_bin(path)
    except ValueError as error:
        if "damaged.bin" not in str(error):
            raise AssertionError(str(error)) from error
    else:
        assert len(images) == 2 * len(is_same)


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
