"""Crops as they are, faces of photographs, and what is refused and why."""

import io

import numpy as np
import pytest
from PIL import Image

from keras_sphereface.contract import (
    FIVE_POINT_TEMPLATE,
    FaceInput,
    ImageError,
    align_face,
)
from keras_sphereface.edge import DetectedFace, NoFaceError
from keras_sphereface.edge.photo_reader import PhotoReader

PHOTO = np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8)
CROP = PHOTO[:112, :112]


def found(x, y, side):
    box = np.array([x, y, side, side], float)
    return DetectedFace(box, FIVE_POINT_TEMPLATE * side / 112 + [x, y], 0.9)


NEAR, FAR = found(100, 40, 120), found(5, 5, 60)


def reader(faces=(FAR, NEAR), **options):
    seen = []

    def detect(image):
        seen.append(image)
        return list(faces)

    made = PhotoReader(FaceInput(), None, options.get("detector", detect), None)
    made.seen = seen
    return made


def png(image):
    file = io.BytesIO()
    Image.fromarray(image).save(file, "png")
    return file.getvalue()


def test_the_most_prominent_face_is_cut_out():
    batch, faces = reader().read("images", PHOTO)
    assert faces == (NEAR,)
    np.testing.assert_array_equal(
        batch, align_face(PHOTO, NEAR.landmarks)[None]
    )


def test_an_image_of_the_size_of_the_model_is_a_crop():
    made = reader()
    for crop in (CROP, png(CROP), CROP.astype(np.float32)):
        batch, faces = made.read("images", crop)
        np.testing.assert_array_equal(batch, CROP[None])
        assert faces == (None,)
    assert not made.seen


def test_photographs_and_crops_may_be_mixed(tmp_path):
    Image.fromarray(PHOTO).save(tmp_path / "ann.png")
    images = [CROP, tmp_path / "ann.png", png(PHOTO), PHOTO]
    batch, faces = reader().read("images", images)
    assert faces == (None, NEAR, NEAR, NEAR)
    aligned = align_face(PHOTO, NEAR.landmarks)
    for crop, expected in zip(batch, [CROP, *[aligned] * 3], strict=True):
        np.testing.assert_array_equal(crop, expected)


def test_landmarks_that_are_given_are_taken():
    made = reader()
    batch, faces = made.read("images", PHOTO, FAR.landmarks)
    np.testing.assert_array_equal(batch, align_face(PHOTO, FAR.landmarks)[None])
    assert (faces, made.seen) == ((None,), [])


def test_all_faces_are_cut_out_when_asked():
    batch, faces = reader().read_all("photo", png(PHOTO))
    assert faces == (FAR, NEAR)
    for crop, face in zip(batch, faces, strict=True):
        np.testing.assert_array_equal(crop, align_face(PHOTO, face.landmarks))
    none = reader(faces=()).read_all("photo", PHOTO)
    assert (none.batch.shape, none.faces) == ((0, 112, 112, 3), ())


def test_points_that_are_none_of_a_face_are_left_out():
    mirrored = NEAR._replace(landmarks=NEAR.landmarks[[1, 0, 2, 4, 3]])
    assert reader(faces=[mirrored, FAR]).read_all("photo", PHOTO).faces == (
        FAR,
    )
    with pytest.raises(NoFaceError, match=r"does not resemble.*`image_a`"):
        reader(faces=[mirrored]).read("image_a", PHOTO)


def test_a_photograph_without_a_face_is_named(tmp_path):
    Image.fromarray(PHOTO).save(tmp_path / "hill.png")
    made = reader(faces=())
    for images, name in (
        (PHOTO, r"`images`, 300x200 pixels"),
        ([CROP, PHOTO], r"`images\[1\]`, 300x200"),
        (tmp_path / "hill.png", r"`images`, 300x200 pixels, .*hill\.png"),
    ):
        with pytest.raises(NoFaceError, match=name):
            made.read("images", images)
    assert issubclass(NoFaceError, ImageError)


def test_broken_photographs_are_named(tmp_path):
    (tmp_path / "broken.png").write_bytes(b"no image")
    with pytest.raises(ImageError, match=r"broken\.png"):
        reader().read("images", tmp_path / "broken.png")
    with pytest.raises(ImageError, match=r"image_b: .*not an image"):
        reader().read("image_b", b"no image")
    with pytest.raises(ImageError, match=r"photo: .*uint8"):
        reader().read_all("photo", PHOTO.astype(float))


def test_without_a_detector_images_must_be_crops():
    made = reader(detector=None)
    np.testing.assert_array_equal(made.read("images", CROP).batch, CROP[None])
    with pytest.raises(ValueError, match="align_face"):
        made.read("images", PHOTO)
    with pytest.raises(ValueError, match=r"`photo`.*has a `detector`"):
        made.read_all("photo", PHOTO)


def test_what_is_no_detector_is_named():
    with pytest.raises(ValueError, match=r"`detector` must be the path"):
        reader(detector=7)
    with pytest.raises(FileNotFoundError, match="missing"):
        reader(detector="missing.tflite")
