"""Images of every form are the same pixels, in the same order."""

import io
import types

import numpy as np
import pytest
from PIL import Image

from keras_sphereface.contract import (
    FaceInput,
    ImageError,
    StoredImages,
    is_stored,
    list_images,
    read_images,
)

PIXELS = np.random.default_rng(0).integers(0, 256, (3, 6, 4, 3), np.uint8)


def png(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


BYTES = [png(image) for image in PIXELS]


class Faces:
    """A data set as `EncodedFaces` are, without TensorFlow."""

    labels = np.arange(3)

    def __init__(self, images=BYTES):
        self.images = images

    def __len__(self):
        return len(self.images)

    def __iter__(self):
        return zip(self.images, self.labels, strict=True)

    def read_bytes(self, position):
        return self.images[position]

    def name_of(self, position):
        return f"record {position}"


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "faces"
    (folder / "b").mkdir(parents=True)
    for place, name in enumerate(("a.PNG", "b/0.png", "b/1.png")):
        (folder / name).write_bytes(BYTES[place])
    (folder / ".1.0123.partial.png").write_bytes(b"half")
    return folder


def forms(folder):
    """The three images in every form that an argument may have."""
    paths = [folder / "a.PNG", folder / "b" / "0.png", str(folder / "b/1.png")]
    return {
        "array": PIXELS,
        "floats": PIXELS.astype("float64"),
        "images": list(PIXELS),
        "generator": (image for image in PIXELS),
        "batches": [PIXELS[:2], PIXELS[2:]],
        "batches and labels": iter(
            [(PIXELS[:2], np.array([0, 1])), (PIXELS[2:], np.array([2]))]
        ),
        "images and labels": (PIXELS, np.arange(3)),
        "bytes": BYTES,
        "bytes and labels": list(zip(BYTES, range(3), strict=True)),
        "other bytes": [bytearray(BYTES[0]), memoryview(BYTES[1]), BYTES[2]],
        "array of bytes": np.array(BYTES, object),
        "paths": paths,
        "array of paths": np.array([str(path) for path in paths]),
        "mixed": [paths[0], BYTES[1], PIXELS[2]],
        "pictures": [Image.fromarray(image) for image in PIXELS],
        "folder": folder,
        "data set": Faces(),
        "part of a data set": StoredImages(Faces())[:3],
        "set in memory": types.SimpleNamespace(
            load=lambda: (PIXELS, np.arange(3))
        ),
    }


def test_every_form_is_the_same_images(folder):
    for form, images in forms(folder).items():
        found = read_images("faces", images, FaceInput(6, 4))
        np.testing.assert_array_equal(found, PIXELS, err_msg=form)
        dtype = "float32" if form == "floats" else "uint8"
        assert found.dtype == dtype, form


def test_one_image_is_a_batch_of_one(folder):
    for one in (PIXELS[0], BYTES[0], memoryview(BYTES[0]), folder / "a.PNG"):
        np.testing.assert_array_equal(read_images("faces", one), PIXELS[:1])


def test_two_images_are_no_image_with_a_label():
    found = read_images("faces", (PIXELS[0], PIXELS[1]))
    np.testing.assert_array_equal(found, PIXELS[:2])


def test_a_data_set_is_read_where_it_is_asked_for():
    asked = []

    class Watched(Faces):
        def read_bytes(self, position):
            asked.append(position)
            return super().read_bytes(position)

    images = list_images("faces", Watched())
    assert len(images) == 3
    part = images[1:].take(np.array([1, 0]))
    assert asked == []
    assert part[0] == BYTES[2]
    assert asked == [2]
    assert [part.name_of(index) for index in range(2)] == [
        "record 2",
        "record 1",
    ]


def test_what_may_be_large_is_told_from_what_is_in_memory(folder):
    stored = {"folder", "data set", "part of a data set", "set in memory"}
    for form, images in forms(folder).items():
        assert is_stored(images) == (form in stored), form
    assert not is_stored(BYTES[0])


def test_broken_images_have_their_name(folder):
    (folder / "a.PNG").write_bytes(b"broken")
    with pytest.raises(ImageError, match=r"a\.PNG"):
        read_images("faces", folder)
    with pytest.raises(ImageError, match=r"^faces\[1\]: "):
        read_images("faces", [BYTES[0], b"broken"])
    with pytest.raises(ImageError, match=r"^record 1: "):
        read_images("faces", Faces([BYTES[0], b"broken"]))
    with pytest.raises(ValueError, match=r"`faces\[1\]` does not fit.*\(5, 4"):
        read_images("faces", [PIXELS[0], PIXELS[1, :5]])
    with pytest.raises(ValueError, match=r"^`faces` does not fit.*to \[0, 1\]"):
        read_images("faces", PIXELS / 255)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (None, "faces of type NoneType"),
        (7, "faces of type int"),
        ([], "no images"),
        (Faces([]), "no images"),
        (PIXELS[0, 0], r"shape=\(4, 3\)"),
        (PIXELS[..., :1], r"shape=\(3, 6, 4, 1\)"),
        (np.zeros((1, 6, 4, 4), np.uint8), r"Drop the alpha.*\(1, 6, 4, 4\)"),
        (PIXELS.astype("int32"), "dtype=int32"),
        (["a.jpg", 3], r"faces\[1\] of type int"),
        ([[[1, 2], [3]]], r"faces\[0\]"),
        ([{"image": PIXELS}], r"faces\[0\] of type dict"),
    ],
)
def test_what_are_no_images_is_named(images, message):
    with pytest.raises(ValueError, match=f"^`faces` must be images.*{message}"):
        list_images("faces", images)


def test_a_path_to_nothing_is_named_at_once(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"`faces`.*nobody\.jpg"):
        list_images("faces", tmp_path / "nobody.jpg")
    with pytest.raises(ValueError, match=r"`faces` must be a folder with im"):
        list_images("faces", tmp_path)


def test_a_set_may_give_pixels_in_place_of_bytes():
    class Drawn:
        def __len__(self):
            return 3

        def read_pixels(self, position):
            return np.full((4, 5, 3), position, np.uint8)

    images = StoredImages(Drawn())
    assert list_images("images", images) is images
    assert read_images("images", images[1:])[:, 0, 0, 0].tolist() == [1, 2]
