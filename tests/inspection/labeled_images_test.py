"""A set to inspect may be a data set, a pair, or anything that loads."""

import types

import numpy as np
import pytest
from record_files import encoded

from keras_sphereface.data import SyntheticFaces
from keras_sphereface.inspection import (
    LabeledImages,
    far_images,
    identity_embeddings,
    inspect_faces,
    write_inspection,
)

FACES = SyntheticFaces(4, 3, image_size=(24, 20))
IMAGES, LABELS = FACES.load()


def embed(images):
    return images.mean(axis=(1, 2)) - 100.0


def test_every_form_of_a_set_is_inspected_alike(tmp_path):
    expected = inspect_faces(FACES, test=FACES, embed=embed)
    assert expected["test_overlap"]["shared_images"] == 12
    forms = [(IMAGES, LABELS), [list(IMAGES), LABELS.tolist()]]
    forms.append((IMAGES.astype("float32"), LABELS))
    for form in forms:
        assert inspect_faces(form, test=FACES, embed=embed) == expected
    own = identity_embeddings((IMAGES, LABELS), embed)
    centers = np.stack([own, own], axis=2).transpose(1, 0, 2)
    assert len(far_images(FACES, embed, centers, largest_angle=0.01)) > 0
    page = write_inspection(tmp_path, expected, (IMAGES, LABELS))
    assert page.read_text("utf-8").count("<img") == 12


def test_names_are_those_of_the_set_or_of_the_files(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(encoded(0, "PNG"))
    found = LabeledImages(([path, encoded(1)], [1, 0]))
    assert [found.name_of(0), found.key_of(1)] == [str(path), "image 1"]
    assert found.identities == ["0", "1"]
    faces = types.SimpleNamespace(
        labels=np.array([2, 0]),
        identities=["Ann", "Bob", "Cid"],
        read_bytes=lambda position: encoded(position),
        name_of="face {}".format,
        key_of="key {}".format,
        unreadable={"face 7": "empty file"},
    )
    found = LabeledImages.of(LabeledImages(faces))
    assert (len(found), found.num_classes) == (2, 3)
    assert (found.name_of(1), found.key_of(1)) == ("face 1", "key 1")
    assert found.unreadable == {"face 7": "empty file"}
    assert found.pixels(1).shape == (16, 12, 3)


@pytest.mark.parametrize(
    ("faces", "message"),
    [
        (7, "`test` must be a data set.*type int"),
        ((IMAGES, LABELS[:3]), r"`test`.*one label per image, 12.*\(3,\)"),
        ((IMAGES, LABELS - 1.0), "`test` must be integers.*float64"),
        ((IMAGES, LABELS - 1), "`test` must be integers of at least 0"),
    ],
)
def test_what_is_no_labeled_set_is_named(faces, message):
    with pytest.raises(ValueError, match=message):
        LabeledImages(faces, "test")
