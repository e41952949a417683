import numpy as np
import pytest

from keras_sphereface.contract import FIVE_POINT_TEMPLATE, QualityLimits
from keras_sphereface.edge import DetectedFace, PoorFaceError
from keras_sphereface.edge.quality_gate import (
    face_problems,
    quality_words,
    refuse_poor_faces,
)

ANY = QualityLimits(
    sharpness=(0, 99), brightness=(0, 255), contrast=0, clipped=1
)
CROP = np.zeros((112, 112, 3), np.uint8)
POINTS = FIVE_POINT_TEMPLATE
PROFILE = POINTS + np.where(np.arange(5)[:, None] == 2, [30, 0], [0, 0])
SMALL = POINTS / 4


def face(points):
    return DetectedFace((0, 0, 99, 99), points, 0.9)


def test_points_come_from_the_detector_or_the_caller():
    batch = np.stack([CROP] * 3)
    found = face_problems(ANY, batch, [face(POINTS), face(PROFILE), None])
    assert found == ((), ("it is turned to the side",), ())
    given = face_problems(ANY, batch, [None] * 3, [POINTS, POINTS, SMALL])
    assert given[:2] == ((), ())
    assert given[2][0].startswith("it is too small (9 pixels")
    assert face_problems(ANY, batch[:1], [None], PROFILE) == (found[1],)


def test_pixels_are_judged():
    found = face_problems(QualityLimits(), CROP[None], [None])
    assert found[0][1].startswith("it is too dark (brightness 0, at least 55)")


def test_of_a_tiny_crop_nothing_is_said():
    assert face_problems(QualityLimits(), CROP[None, :8, :8], [None]) == ((),)


def test_a_refusal_names_the_images_and_not_hundreds():
    refuse_poor_faces(((), ()))
    with pytest.raises(
        PoorFaceError,
        match=r"`check_quality=False`.*images\[1\]: it is a; images\[2\]: "
        r"it is a, it is b; images\[4\]: it is a; and 2 more$",
    ) as error:
        problems = ((), ("it is a",), ("it is a", "it is b"), ())
        refuse_poor_faces((*problems, *[("it is a",)] * 3))
    assert error.value.problems[2] == ("it is a", "it is b")


def test_words_stand_behind_an_answer():
    assert quality_words([("a", ()), ("b", ())]) == ""
    words = quality_words([("a", ()), ("b", ("it is flat", "it looks up"))])
    assert words == "; mind b: it is flat, it looks up"
