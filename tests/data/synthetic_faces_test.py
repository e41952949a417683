import hashlib
import subprocess
import sys

import numpy as np
import pytest

from keras_sphereface.contract import FIVE_POINT_TEMPLATE
from keras_sphereface.data import SyntheticFaces


@pytest.fixture(scope="module")
def faces():
    return SyntheticFaces(num_identities=40, images_per_identity=6)


@pytest.fixture(scope="module")
def loaded(faces):
    return faces.load()


def test_load_returns_every_image_identity_by_identity(faces, loaded):
    images, labels = loaded
    assert images.shape == (240, 112, 112, 3)
    assert images.dtype == np.uint8
    assert labels.dtype == np.int32
    np.testing.assert_array_equal(labels, np.repeat(np.arange(40), 6))
    assert len(faces) == 240
    assert faces.num_classes == 40


def test_an_image_does_not_depend_on_the_order_or_size_of_the_set(
    faces, loaded
):
    other = SyntheticFaces(num_identities=100, images_per_identity=9)
    for identity, index in [(39, 5), (0, 0), (17, 3)]:
        expected = loaded[0][identity * 6 + index]
        np.testing.assert_array_equal(faces.draw(identity, index), expected)
        np.testing.assert_array_equal(other.draw(identity, index), expected)


def test_another_process_draws_the_same_bytes(faces):
    program = (
        "import hashlib\n"
        "from keras_sphereface.data import SyntheticFaces\n"
        "image = SyntheticFaces(3, 3, seed=5).draw(2, 1)\n"
        "print(hashlib.sha256(image.tobytes()).hexdigest())\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
    )
    image = SyntheticFaces(3, 3, seed=5).draw(2, 1)
    assert (
        result.stdout.split()[-1] == hashlib.sha256(image.tobytes()).hexdigest()
    )


def test_every_image_is_another(loaded):
    assert len({image.tobytes() for image in loaded[0]}) == 240


def test_another_seed_and_other_identities_are_other_people(faces):
    first = [faces.identity_parameters(i) for i in range(40)]
    reseeded = SyntheticFaces(40, 1, seed=1)
    later = SyntheticFaces(40, 1, first_identity=40)
    others = [
        s.identity_parameters(i) for s in (reseeded, later) for i in range(40)
    ]
    assert not set(first) & set(others)


def test_identities_are_numbered_from_the_first(faces):
    shifted = SyntheticFaces(5, 6, first_identity=10)
    np.testing.assert_array_equal(shifted.draw(3, 2), faces.draw(13, 2))


def test_eyes_lie_where_the_alignment_template_puts_them(loaded):
    """An average face is darker at the eyes than on the cheeks below."""
    average = loaded[0].astype("float64").mean(axis=(0, 3))
    for x, y in FIVE_POINT_TEMPLATE[:2]:
        column, row = round(float(x)), round(float(y))
        eye = average[row - 2 : row + 3, column - 3 : column + 4].mean()
        cheek = average[row + 16 : row + 21, column - 3 : column + 4].mean()
        assert eye < cheek - 10


def test_pixels_do_not_give_the_identity_away(loaded):
    """Colors vary about as much within a person as between people."""
    images, labels = loaded
    colors = images.astype("float64").mean(axis=(1, 2))
    means = np.stack([colors[labels == i].mean(axis=0) for i in range(40)])
    within = (colors - means[labels]).std()
    assert means.std() < within


def test_faces_of_other_sizes_are_drawn():
    images, _ = SyntheticFaces(2, 2, image_size=(112, 96)).load()
    assert images.shape == (4, 112, 96, 3)
    assert images.std() > 20


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_identities": 0}, r"`num_identities`.*at least 1.*=0"),
        ({"images_per_identity": 1.5}, r"`images_per_identity`.*=1\.5"),
        ({"seed": -1}, r"`seed`.*at least 0.*-1"),
        ({"first_identity": True}, r"`first_identity`.*True"),
        ({"image_size": 112}, r"`image_size`"),
        ({"image_size": (8, 112)}, r"`image_size`.*at least 16.*8"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    settings = {"num_identities": 2, "images_per_identity": 2, **arguments}
    with pytest.raises(ValueError, match=message):
        SyntheticFaces(**settings)


@pytest.mark.parametrize(("identity", "index"), [(40, 0), (0, 6)])
def test_an_image_outside_the_set_is_named(faces, identity, index):
    with pytest.raises(IndexError, match="must be below"):
        faces.draw(identity, index)
