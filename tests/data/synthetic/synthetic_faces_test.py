import hashlib
import subprocess
import sys

import numpy as np
import pytest

from keras_sphereface import data
from keras_sphereface.data import SyntheticFaces

# Run on its own. The stand-in for the package spares it TensorFlow.
DIGEST_OF_ONE_FACE = """
import hashlib, sys, types
package = types.ModuleType("keras_sphereface.data")
package.__path__ = sys.argv[1:]
sys.modules[package.__name__] = package
from keras_sphereface.data.synthetic.synthetic_faces import SyntheticFaces
image = SyntheticFaces(5, 3, seed=4).draw(2, 1)
print(hashlib.sha256(image.tobytes()).hexdigest())
"""


def test_draws_uint8_rgb_faces_of_the_asked_size():
    image = SyntheticFaces(2, 2).draw(1, 1)
    assert image.shape == (112, 112, 3)
    assert image.dtype == np.uint8
    narrow = SyntheticFaces(2, 2, image_size=(112, 96)).draw(1, 1)
    assert narrow.shape == (112, 96, 3)


def test_the_images_use_the_whole_pixel_range_but_stay_visible():
    images, _ = SyntheticFaces(20, 5).load()
    assert images.min() == 0
    assert images.max() == 255
    contrast = images.std(axis=(1, 2, 3))
    assert contrast.min() > 8
    brightness = images.mean(axis=(1, 2, 3))
    assert brightness.min() > 15
    assert brightness.max() < 235


def test_an_image_does_not_depend_on_the_order_of_drawing():
    faces = SyntheticFaces(3, 4)
    forward = {(i, j): faces.draw(i, j) for i in range(3) for j in range(4)}
    for identity, index in reversed(forward):
        again = faces.draw(identity, index)
        np.testing.assert_array_equal(again, forward[identity, index])


def test_an_image_does_not_depend_on_the_size_of_the_set():
    small, large = SyntheticFaces(3, 2), SyntheticFaces(300, 20)
    np.testing.assert_array_equal(small.draw(2, 1), large.draw(2, 1))


def test_another_process_draws_the_same_bytes():
    printed = subprocess.run(
        [sys.executable, "-c", DIGEST_OF_ONE_FACE, *data.__path__],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    image = SyntheticFaces(5, 3, seed=4).draw(2, 1)
    assert hashlib.sha256(image.tobytes()).hexdigest() == printed


def test_load_goes_identity_by_identity_and_labels_match():
    faces = SyntheticFaces(4, 3)
    images, labels = faces.load()
    assert images.shape == (12, 112, 112, 3)
    assert images.dtype == np.uint8
    assert labels.dtype == np.int32
    assert labels.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert len(faces) == 12
    assert faces.num_classes == 4
    for place in (0, 4, 11):
        image = faces.draw(place // 3, place % 3)
        np.testing.assert_array_equal(images[place], image)


def test_no_two_images_are_the_same():
    images, _ = SyntheticFaces(10, 10).load()
    assert len({image.tobytes() for image in images}) == 100


def test_sets_with_other_identity_numbers_share_nobody():
    def people(**arguments):
        faces = SyntheticFaces(100, 1, **arguments)
        return {faces.identity_parameters(i) for i in range(100)}

    assert len(people() | people(first_identity=100)) == 200
    assert len(people() | people(first_identity=1000)) == 200
    assert len(people() | people(seed=1)) == 200


def test_identities_are_numbered_from_first_identity():
    late, early = SyntheticFaces(3, 2, first_identity=5), SyntheticFaces(9, 2)
    assert late.identity_parameters(1) == early.identity_parameters(6)
    np.testing.assert_array_equal(late.draw(1, 1), early.draw(6, 1))


@pytest.mark.slow
def test_one_person_looks_more_similar_than_two_when_nuisances_average_out():
    # One image says little (see below), but light, background and cover
    # average out over 40: the mean of a person's even images is nearest to
    # the mean of the same person's odd images for most of 12 people.
    images, _ = SyntheticFaces(12, 40).load()
    images = images.reshape(12, 40, 112, 112, 3).mean(axis=-1)
    even, odd = images[:, ::2].mean(axis=1), images[:, 1::2].mean(axis=1)
    even, odd = even.reshape(12, -1), odd.reshape(12, -1)
    even = even - even.mean(axis=1, keepdims=True)
    odd = odd - odd.mean(axis=1, keepdims=True)
    distances = np.linalg.norm(even[:, None] - odd[None], axis=-1)
    right = distances.argmin(axis=1) == np.arange(12)
    assert right.mean() >= 0.75  # chance: 0.08


def test_pixels_alone_hardly_tell_people_apart():
    # Colors and light drown the identity: over 30 people, two images of one
    # person are closer in pixels than images of two people in hardly more
    # than half of the comparisons.
    images, labels = SyntheticFaces(30, 6).load()
    cells = images.reshape(180, 14, 8, 14, 8, 3).mean(axis=(2, 4))
    cells = cells.reshape(180, -1) - cells.reshape(180, -1).mean(axis=0)
    cells /= np.linalg.norm(cells, axis=1, keepdims=True)
    first, second = np.triu_indices(180, k=1)
    scores = (cells[first] * cells[second]).sum(axis=1)
    is_same = labels[first] == labels[second]
    ranks = scores.argsort().argsort() + 1
    wins = ranks[is_same].sum() - is_same.sum() * (is_same.sum() + 1) / 2
    area_under_curve = wins / (is_same.sum() * (~is_same).sum())
    assert 0.5 < area_under_curve < 0.72


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"num_identities": 0},
            "`num_identities` must be an integer of at least 1. "
            "Received: num_identities=0",
        ),
        ({"images_per_identity": 0}, "Received: images_per_identity=0"),
        ({"images_per_identity": 2.0}, r"Received: images_per_identity=2\.0"),
        ({"num_identities": True}, "Received: num_identities=True"),
        (
            {"seed": -1},
            "`seed` must be an integer of at least 0. Received: seed=-1",
        ),
        ({"first_identity": -5}, "Received: first_identity=-5"),
        (
            {"image_size": 112},
            r"`image_size` is \(height, width\), so it must be 2 integers "
            "of at least 16. Received: image_size=112",
        ),
        ({"image_size": (112, 8)}, r"Received: image_size=\(112, 8\)"),
        ({"image_size": (112, 112, 3)}, r"image_size=\(112, 112, 3\)"),
    ],
)
def test_rejects_impossible_arguments(arguments, message):
    given = {"num_identities": 2, "images_per_identity": 2, **arguments}
    with pytest.raises(ValueError, match=message):
        SyntheticFaces(**given)


@pytest.mark.parametrize(
    ("identity", "index", "message"),
    [
        (3, 0, "`identity` must be below 3. Received: identity=3"),
        (0, 2, "`index` must be below 2. Received: index=2"),
    ],
)
def test_an_image_outside_the_set_is_an_index_error(identity, index, message):
    with pytest.raises(IndexError, match=message):
        SyntheticFaces(3, 2).draw(identity, index)


def test_negative_places_do_not_count_from_the_end():
    with pytest.raises(ValueError, match="`index` must be an integer of"):
        SyntheticFaces(3, 2).draw(0, -1)
    with pytest.raises(ValueError, match="`identity` must be an integer of"):
        SyntheticFaces(3, 2).identity_parameters(-1)


def test_numpy_integers_are_as_good_as_ints():
    faces = SyntheticFaces(np.int64(3), np.int32(2), seed=np.int64(4))
    expected = SyntheticFaces(3, 2, seed=4).draw(1, 1)
    np.testing.assert_array_equal(faces.draw(np.int64(1), np.int8(1)), expected)
