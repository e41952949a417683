import numpy as np
import pytest

from keras_sphereface.data import EncodedFaces, ResizedFaces
from keras_sphereface.training import TrainingFaces, face_listing
from keras_sphereface.training.face_listing import (
    FaceListing,
    list_faces,
    listing_changes,
)

LISTING = FaceListing(
    ["a/1.jpg", "a/2.jpg", "b/1.jpg", "b/2.jpg"],
    np.array([0, 0, 1, 1]),
    np.array([100, 200, 300, 400]),
    ["a", "b"],
)


def without(place):
    keep = np.delete(np.arange(4), place)
    names = [LISTING.names[each] for each in keep]
    return LISTING._replace(
        names=names, labels=LISTING.labels[keep], marks=LISTING.marks[keep]
    )


CHANGES = {
    "removed": (without(1), ["1 images gone: a/2.jpg"]),
    "renamed": (
        LISTING._replace(names=["a/1.jpg", "a/3.jpg", "b/1.jpg", "b/2.jpg"]),
        ["1 images added: a/3.jpg", "1 images gone: a/2.jpg"],
    ),
    "moved": (
        LISTING._replace(labels=np.array([0, 1, 1, 1])),
        ["1 images of another identity: a/2.jpg (of a, now of b)"],
    ),
    "replaced": (
        LISTING._replace(marks=np.array([100, 200, 301, 401])),
        ["2 images of other content: b/1.jpg, b/2.jpg"],
    ),
    "reordered": (
        LISTING._replace(
            names=LISTING.names[::-1],
            labels=LISTING.labels[::-1],
            marks=LISTING.marks[::-1],
        ),
        ["the order of the images"],
    ),
    "other labels for the same people": (
        LISTING._replace(labels=np.array([1, 1, 0, 0]), identities=["b", "a"]),
        ["the identities, or their order"],
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_seen_and_named(name):
    other, changes = CHANGES[name]
    assert other.digest() != LISTING.digest()
    assert listing_changes(LISTING, other) == changes


def test_an_added_image_is_named():
    assert listing_changes(without(3), LISTING) == ["1 images added: b/2.jpg"]


def test_a_listing_comes_back_from_its_arrays():
    again = FaceListing.from_arrays(LISTING.to_arrays())
    assert again.digest() == LISTING.digest()
    assert again.names == LISTING.names
    assert again.identities == LISTING.identities
    assert listing_changes(LISTING, again) == []


def test_names_that_run_into_each_other_are_told_apart():
    one = LISTING._replace(identities=["a", "b"])
    other = LISTING._replace(identities=["ab"])
    names = LISTING._replace(names=["a/1.jpga/2.jpg", "b/1.jpg", "b/2.jpg"])
    assert len({each.digest() for each in (one, other, names)}) == 3


class Faces(EncodedFaces):
    """Two images, of which only the second one's size is odd."""

    def __init__(self):
        super().__init__((2, 2))
        self.labels = np.int32([0, 1])
        self.identities = ["a", "b"]

    def read_bytes(self, position):
        raise AssertionError("read")

    def bytes_reader(self):
        raise AssertionError("read")

    def name_of(self, position):
        return f"/where/{position}"

    def key_of(self, position):
        return f"{position}"

    def sizes(self):
        return np.array([10, 11])


def test_a_large_set_is_listed_without_reading_it(monkeypatch):
    monkeypatch.setattr(face_listing, "MOST_READ", 1)
    listing = list_faces(TrainingFaces(Faces(), 2, 2, {}, "faces"))
    assert listing.names == ["0", "1"]
    assert listing.marks.tolist() == [10, 11]
    assert listing.labels.tolist() == [0, 1]


def test_encoded_images_are_known_by_their_bytes():
    class Read(Faces):
        contents = (b"some bytes", b"other bytes")

        def read_bytes(self, position):
            return self.contents[position]

    first = list_faces(TrainingFaces(Read(), 2, 2, {}, "faces"))
    Read.contents = (b"some bytes", b"OTHER bytes")
    second = list_faces(TrainingFaces(Read(), 2, 2, {}, "faces"))
    assert listing_changes(first, second) == ["1 images of other content: 1"]


def test_images_in_memory_are_known_by_their_pixels():
    images = np.zeros((3, 2, 2, 3), np.uint8)
    images[1, 0, 0, 0] = 1
    faces = TrainingFaces((images, np.arange(3)), 3, 3, {}, "arrays")
    listing = list_faces(faces)
    assert listing.names == ["image 0", "image 1", "image 2"]
    assert listing.identities == ["0", "1", "2"]
    assert listing.marks[0] == listing.marks[2] != listing.marks[1]

    class Stored:
        labels, identities = np.arange(3), ["a", "b", "c"]

        def load(self):
            return images, self.labels

    resized = TrainingFaces(ResizedFaces(Stored(), (2, 2)), 3, 3, {}, "small")
    np.testing.assert_array_equal(list_faces(resized).marks, listing.marks)
