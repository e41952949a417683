"""What all sets of encoded images do, on one that is in memory."""

import re

import numpy as np
import pytest
import tensorflow as tf
from faces_in_memory import FacesInMemory
from record_files import encoded

from keras_sphereface.data import encoded_faces
from keras_sphereface.data.encoded_faces import first_few

GOOD = [encoded(seed, "PNG") for seed in range(3)]


def pixels(content):
    return tf.io.decode_png(content).numpy()


def test_images_are_decoded_in_the_order_that_is_asked():
    faces = FacesInMemory(GOOD)
    found = faces.read_images([2, 0])
    np.testing.assert_array_equal(found, [pixels(GOOD[2]), pixels(GOOD[0])])
    images, labels = faces.load()
    np.testing.assert_array_equal(images, [pixels(one) for one in GOOD])
    assert labels.tolist() == [0, 1, 2]
    labels[:] = 9  # a copy
    assert faces.labels.tolist() == [0, 1, 2]


def test_iterating_gives_images_as_they_are_stored():
    faces = FacesInMemory(GOOD)
    assert list(faces) == [(GOOD[0], 0), (GOOD[1], 1), (GOOD[2], 2)]
    assert (len(faces), faces.num_classes) == (3, 3)


def test_sizes_that_a_format_does_not_know_are_0():
    assert FacesInMemory(GOOD).sizes().tolist() == [0, 0, 0]


def test_bad_images_are_found_among_good_ones():
    bad = [b"", b"no image", OSError(5, "Input/output error")]
    faces = FacesInMemory([GOOD[0], bad[0], GOOD[1], bad[1], bad[2]])
    reasons = faces.examine()
    assert list(reasons) == [1, 3, 4]
    assert all(reasons.values())
    assert reasons[4] == "Input/output error"
    assert faces.examine_image(0) == ((16, 12), None)
    assert faces.examine_image(3) == (None, reasons[3])


def test_an_image_of_another_size_is_an_error_that_names_it():
    faces = FacesInMemory([GOOD[0], encoded(1, "PNG", (8, 6))])
    message = re.escape("Received: 8x6 in face 1")
    for look in (faces.examine, faces.load):
        with pytest.raises(ValueError, match=message):
            look()


def test_an_image_of_another_size_is_not_decoded(monkeypatch):
    def decode(*_):
        raise AssertionError

    faces = FacesInMemory([encoded(1, "PNG", (8, 6))])
    monkeypatch.setattr(encoded_faces, "_decode_images", decode)
    monkeypatch.setattr(encoded_faces, "decode_checked", decode)
    for look in (faces.examine, faces.load):
        with pytest.raises(ValueError, match="Received: 8x6 in face 0"):
            look()


def test_a_set_knows_whether_it_has_other_kinds_than_jpeg_and_png():
    faces = FacesInMemory(GOOD)
    assert faces.has_rare_kinds  # nobody has looked
    faces.examine()
    assert not faces.has_rare_kinds
    faces = FacesInMemory([*GOOD, encoded(3, "BMP")])
    faces.examine()
    assert faces.has_rare_kinds
    found = faces.load()[0][3]
    np.testing.assert_array_equal(found, pixels(encoded(3, "PNG")))


def test_what_is_left_out_is_one_warning():
    faces = FacesInMemory(GOOD)
    faces.warn_of_unreadable("image files")  # none
    faces.unreadable = {f"{n}.png": "cut short" for n in range(5)}
    message = r"5 of 8 image files .*0\.png \(cut short\).* and 2 more"
    with pytest.warns(UserWarning, match=message):
        faces.warn_of_unreadable("image files")


@pytest.mark.parametrize("size", [112, (112,), (0, 5), (1.5, 2)])
def test_a_size_must_be_height_and_width(size):
    with pytest.raises(ValueError, match="`image_size`"):
        FacesInMemory([], size)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([], ""),
        ("abc", "a, b, c"),
        ("abcde", "a, b, c and 2 more"),
    ],
)
def test_the_first_names_stand_for_all(names, expected):
    assert first_few(iter(names)) == expected
