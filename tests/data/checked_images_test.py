import pytest

from keras_sphereface.data import listing_cache
from keras_sphereface.data.checked_images import examine_once


class Faces:
    """Counts how often all images are looked at."""

    image_size = (16, 12)
    has_rare_kinds = False

    def __init__(self, bad):
        self.bad = bad
        self.looks = 0

    def __len__(self):
        return 5

    def examine(self):
        self.looks += 1
        return dict(self.bad)

    def examine_image(self, position):
        reason = self.bad.get(position)
        return (None, reason) if reason else (self.image_size, None)


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_SPHEREFACE_CACHE", str(tmp_path))
    monkeypatch.setattr(listing_cache, "MIN_IMAGES", 5)


def test_a_large_set_is_examined_once():
    faces = Faces({1: "cut short", 4: "no image"})
    for _ in range(2):
        found = examine_once(faces, "set", "digest")
        assert found == {1: "cut short", 4: "no image"}
    assert faces.looks == 1
    assert not faces.has_rare_kinds


def test_rare_kinds_are_remembered():
    faces = Faces({})
    faces.has_rare_kinds = True
    examine_once(faces, "set", "digest")
    faces.has_rare_kinds = False
    examine_once(faces, "set", "digest")
    assert faces.has_rare_kinds
    assert faces.looks == 1


def test_an_image_repaired_in_place_is_good_again():
    faces = Faces({1: "cut short", 4: "no image"})
    examine_once(faces, "set", "digest")
    del faces.bad[1]
    assert examine_once(faces, "set", "digest") == {4: "no image"}
    assert faces.looks == 1


def test_a_changed_set_or_another_size_is_examined_anew():
    faces = Faces({})
    examine_once(faces, "set", "digest")
    examine_once(faces, "set", "other digest")
    assert faces.looks == 2
    faces.image_size = (8, 8)
    examine_once(faces, "set", "other digest")
    assert faces.looks == 3


def test_a_small_set_is_examined_each_time(monkeypatch, tmp_path):
    monkeypatch.setattr(listing_cache, "MIN_IMAGES", 6)
    faces = Faces({})
    for _ in range(2):
        assert examine_once(faces, "set", "digest") == {}
    assert faces.looks == 2
    assert not list(tmp_path.iterdir())
