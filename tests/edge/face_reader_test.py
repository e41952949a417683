import io

import numpy as np
import pytest
from PIL import Image

from keras_sphereface.contract import FaceInput, align_face, template_for
from keras_sphereface.edge.face_reader import read_faces

FACE = FaceInput(height=32, width=24)


def photograph(seed=0, height=90, width=120):
    generator = np.random.default_rng(seed)
    small = generator.integers(0, 256, (9, 12, 3), np.uint8)
    return np.array(Image.fromarray(small).resize((width, height)))


def points(shift=(40, 30), scale=1.5):
    return template_for(32, 24) * scale + shift


def png(image):
    file = io.BytesIO()
    Image.fromarray(image).save(file, "png")
    return file.getvalue()


def test_landmarks_at_the_template_cut_out_the_crop_itself():
    photo = photograph()
    found = read_faces(photo, FACE, points((40, 30), scale=1))
    np.testing.assert_array_equal(found[0], photo[30:62, 40:64])


def test_a_face_is_aligned_as_for_training_whatever_form_it_has(tmp_path):
    photo = photograph()
    expected = align_face(photo, points(), (32, 24))[None]
    (tmp_path / "photo.png").write_bytes(png(photo))
    for form in (photo, png(photo), tmp_path / "photo.png"):
        np.testing.assert_array_equal(
            read_faces(form, FACE, points().tolist()), expected
        )


def test_photographs_of_different_sizes_come_with_five_points_each():
    photos = [photograph(0), png(photograph(1, 70, 80))]
    landmarks = [points(), points((20, 10), 1.2)]
    found = read_faces(photos, FACE, landmarks)
    assert found.shape == (2, 32, 24, 3)
    for index in range(2):
        np.testing.assert_array_equal(
            found[index : index + 1],
            read_faces(photos[index], FACE, landmarks[index]),
        )


def test_landmarks_that_do_not_fit_the_images_are_refused():
    with pytest.raises(ValueError, match=r"landmarks of 1 faces for 2 images"):
        read_faces([photograph()] * 2, FACE, [points()])
    with pytest.raises(ValueError, match=r"Received: no images"):
        read_faces([], FACE, [])
    with pytest.raises(ValueError, match=r"landmarks of 0 faces for 1 images"):
        read_faces(photograph(), FACE, [])
    with pytest.raises(ValueError, match=r"`landmarks` must be \[5, 2\]"):
        read_faces(photograph(), FACE, points()[:3])
    with pytest.raises(ValueError, match=r"look divided by the image size"):
        read_faces(photograph(), FACE, points() / 120)
    with pytest.raises(ValueError, match=r"must be uint8"):
        read_faces(photograph() / 255.0, FACE, points())


def test_without_landmarks_a_photograph_is_no_face():
    with pytest.raises(ValueError, match=r"Align the face with `align_face`"):
        read_faces(photograph(), FACE)


def test_a_template_of_its_own_moves_the_face():
    photo = photograph()
    template = template_for(32, 24) + np.array([2, -3])
    found = read_faces(photo, FACE, points((40, 30), scale=1), template)
    np.testing.assert_array_equal(found[0], photo[33:65, 38:62])
