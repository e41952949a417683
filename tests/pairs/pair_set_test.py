import numpy as np
import pytest
from PIL import Image
from record_files import encoded

from keras_sphereface import evaluation, pairs
from keras_sphereface.contract import FaceInput, ImageError
from keras_sphereface.pairs import PairSet


def make_images(num_images=5, height=6, width=4):
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (num_images, height, width, 3), dtype=np.uint8)


def make_columns(**change):
    columns = {
        "index_a": [0, 1, 2],
        "index_b": [1, 2, 4],
        "is_same": [True, False, True],
        "folds": [0, 0, 1],
    }
    return {**columns, **change}


def write_images(folder, images):
    paths = []
    for index, image in enumerate(images):
        paths.append(folder / f"face_{index}.png")
        Image.fromarray(image).save(paths[-1])
    return paths


def test_it_is_found_among_pairs_and_in_evaluation():
    assert evaluation.PairSet is pairs.PairSet is PairSet


def test_counts_pairs_and_shows_a_summary():
    pairs = PairSet(make_images(), **make_columns())
    assert len(pairs) == 3
    assert repr(pairs) == "PairSet(3 pairs, 2 same, 2 folds, 5 images)"


@pytest.mark.parametrize("as_files", [False, True])
def test_batches_hold_every_image_once_in_order(tmp_path, as_files):
    images = make_images()
    source = write_images(tmp_path, images) if as_files else images
    batches = list(PairSet(source, **make_columns()).batches(2))
    assert [len(batch) for batch in batches] == [2, 2, 1]
    assert batches[0].dtype == np.uint8
    np.testing.assert_array_equal(np.concatenate(batches), images)


def test_a_file_of_another_size_is_named(tmp_path):
    paths = write_images(tmp_path, make_images())
    Image.fromarray(make_images(1, 9, 9)[0]).save(paths[3])
    pairs = PairSet(paths, **make_columns())
    with pytest.raises(ImageError, match=r"6x4.*9x9 in .*face_3\.png"):
        list(pairs.batches(2))


def test_a_broken_file_is_named(tmp_path):
    paths = write_images(tmp_path, make_images())
    paths[2].write_bytes(paths[2].read_bytes()[:60])
    with pytest.raises(ImageError, match=r"face_2\.png"):
        list(PairSet(paths, **make_columns()).batches(2))


def test_the_wanted_size_is_checked_for_arrays_too():
    pairs = PairSet(make_images(), **make_columns())
    with pytest.raises(ImageError, match=r"image 0: .*112x112.*6x4"):
        list(pairs.batches(2, face_input=FaceInput()))


@pytest.mark.parametrize("batch_size", [0, -1, 2.0, True, None])
def test_a_bad_batch_size_is_refused_at_once(batch_size):
    pairs = PairSet(make_images(), **make_columns())
    with pytest.raises(ValueError, match=f"batch_size={batch_size}"):
        pairs.batches(batch_size)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"index_a": [0, 1, 5]}, r"\[0, 5\).*index_a\[2\]=5"),
        ({"index_b": [1, -1, 4]}, r"\[0, 5\).*index_b\[1\]=-1"),
        ({"index_a": [0.0, 1.0, 2.0]}, "`index_a` must be int.*float64"),
        ({"index_b": [1, 2]}, "one value per pair.*'index_b': 2"),
        ({"index_b": [1, 1, 4]}, "are both 1 in pair 1"),
        ({"is_same": [1, 0, 1]}, "`is_same` must be bool.*int64"),
        ({"folds": [[0], [0], [1]]}, r"`folds`.*\(3, 1\)"),
        ({"names": ["a", "b"]}, "`names`.*2 names"),
        (
            {"index_a": [], "index_b": [], "is_same": [], "folds": []},
            "at least one",
        ),
    ],
)
def test_bad_columns_are_named(change, message):
    with pytest.raises(ValueError, match=message):
        PairSet(make_images(), **make_columns(**change))


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (make_images().astype("float32"), "float32"),
        (make_images()[..., :1], r"\(5, 6, 4, 1\)"),
        (make_images()[0, 0], r"\(4, 3\)"),
        ([], "no images"),
        (["a.png", 3], r"images\[1\] of type int"),
        (list(make_images() / 2), "float64"),
    ],
)
def test_bad_images_are_named(images, message):
    with pytest.raises(ValueError, match=message):
        PairSet(images, **make_columns())


def of_color(*rgb):
    noise = np.random.default_rng(0).integers(0, 40, (70, 4, 4, 3))
    return (np.array(rgb) + noise).astype("uint8")


def test_the_first_batch_is_looked_at_once():
    def pairs_of(images):
        return PairSet(images, [0, 2], [1, 3], [True, False], [0, 1])

    dark = pairs_of(of_color(0, 0, 0) // 39)
    with pytest.raises(ValueError, match=r"scaled to \[0, 1\]"):
        list(dark.batches(70))
    swapped = pairs_of(of_color(91, 103, 131))
    with pytest.warns(UserWarning, match="look BGR"):
        list(swapped.batches(70))
    for right in (swapped, pairs_of(of_color(131, 103, 91))):
        assert len(list(right.batches(70))) == 1


def test_pairs_of_a_data_set_are_read_as_they_are_embedded():
    contents = [encoded(seed, "PNG") for seed in range(8)]

    class Faces(list):
        read_bytes = list.__getitem__
        name_of = "face {}".format

    labels = np.repeat(np.arange(4), 2)
    of_set, of_list = (
        PairSet.sample(images, labels, pairs_per_fold=2, num_folds=2)
        for images in (Faces(contents), contents)
    )
    assert {name[:5] for name in of_set.names} == {"face "}
    assert list(of_set.images) == of_list.images
    for found, expected in zip(
        of_set.batches(3), of_list.batches(3), strict=True
    ):
        np.testing.assert_array_equal(found, expected)
