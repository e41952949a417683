import json

import numpy as np
import pytest

from keras_sphereface.pairs import PairSet
from keras_sphereface.training import TrainingFaces
from keras_sphereface.training.data_fingerprint import DataFingerprint

IMAGES = np.random.default_rng(0).integers(0, 256, (4, 2, 2, 3), np.uint8)


def make_pairs(images=IMAGES, same=True):
    return PairSet(images, [0, 1], [2, 3], [same, False], [0, 1])


def make_data(folder, labels=(0, 0, 1, 1), steps=2, **pair_sets):
    labels = np.array(labels)
    faces = TrainingFaces((IMAGES, labels), 2, 4, pair_sets, "arrays")
    return DataFingerprint(faces, steps, folder)


@pytest.fixture
def before(tmp_path):
    """What a killed run has left in a checkpoint and beside it."""
    data = make_data(tmp_path, lfw=make_pairs())
    data.keep()
    return json.loads(json.dumps(data.notes))


def test_the_same_data_have_not_changed(tmp_path, before):
    assert make_data(tmp_path, lfw=make_pairs()).changes(before) == []


def test_all_that_changed_is_said(tmp_path, before):
    data = make_data(
        tmp_path,
        (0, 1, 1, 1),
        steps=3,
        lfw=make_pairs(same=False),
        cfp=make_pairs(),
    )
    assert data.changes(before) == [
        "1 images of another identity: image 1 (of 0, now of 1)",
        "steps per epoch were 2, are 3",
        "pairs 'cfp'",
        "pairs 'lfw'",
    ]


@pytest.mark.parametrize("damage", ["missing", "damaged", "of another run"])
def test_without_the_names_it_is_said_that_images_changed(
    tmp_path, before, damage
):
    path = tmp_path / "faces.npz"
    if damage == "missing":
        path.unlink()
    elif damage == "damaged":
        path.write_bytes(path.read_bytes()[:-1])
    else:
        make_data(tmp_path, (1, 1, 0, 0)).keep()
    same = make_data(tmp_path, lfw=make_pairs())
    assert same.changes(before) == []
    data = make_data(tmp_path, (0, 1, 1, 1), lfw=make_pairs())
    assert data.changes(before) == [
        "the training set, in the names, content, labels or order of its "
        "images (4 then, 4 now)"
    ]


@pytest.mark.parametrize("kind", ["arrays", "bytes", "paths"])
def test_other_images_in_pairs_are_a_change(tmp_path, kind):
    def images_of(content):
        if kind == "arrays":
            return content
        encoded = [bytes(len(each)) + each.tobytes() for each in content]
        if kind == "bytes":
            return encoded
        paths = [tmp_path / f"{each}.jpg" for each in range(len(encoded))]
        for path, one in zip(paths, encoded, strict=True):
            path.write_bytes(one[: 8 + content[0, 0, 0, 0] % 2])
        return paths

    other = IMAGES.copy()
    other[0, 0, 0, 0] ^= 1
    notes = [
        make_data(tmp_path, lfw=make_pairs(images_of(each))).notes
        for each in (IMAGES, other)
    ]
    assert notes[0]["pairs"] != notes[1]["pairs"]
    assert notes[0]["faces"] == notes[1]["faces"]


def test_the_names_are_removed(tmp_path, before):
    data = make_data(tmp_path)
    data.remove()
    assert list(tmp_path.iterdir()) == []
    data.remove()
