"""What MTCNN says, in our words; the network itself is not run here."""

import sys
import types

import numpy as np
import pytest

from keras_sphereface.alignment import MtcnnDetector

FOUND = {
    "box": [1, 2, 30, 40],
    "confidence": 0.875,
    "keypoints": {
        "mouth_right": [9, 10],
        "nose": [5, 6],
        "left_eye": [1, 2],
        "mouth_left": [7, 8],
        "right_eye": [3, 4],
    },
}


@pytest.fixture
def calls(monkeypatch):
    """Stands in for the package; what it was asked."""
    calls = []

    class MTCNN:
        def __init__(self, device):
            assert device == "CPU:0"

        def detect_faces(self, image, **options):
            calls.append((image.shape, options))
            return [FOUND]

    module = types.SimpleNamespace(MTCNN=MTCNN)
    monkeypatch.setitem(sys.modules, "mtcnn", module)
    return calls


def test_landmarks_come_in_the_order_of_the_template(calls):
    image = np.zeros((50, 60, 3), np.uint8)
    (face,) = MtcnnDetector(min_face_size=30)(image)
    assert calls == [((50, 60, 3), {"min_face_size": 30})]
    np.testing.assert_array_equal(
        face.landmarks, np.arange(1, 11).reshape(5, 2)
    )
    assert face.box.tolist() == [1, 2, 30, 40]
    assert face.score == 0.875


def test_a_picture_smaller_than_its_window_has_no_face(calls):
    assert MtcnnDetector()(np.zeros((23, 60, 3), np.uint8)) == []
    assert not calls


def test_without_the_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "mtcnn", None)
    with pytest.raises(ModuleNotFoundError, match=r"keras-sphereface\[align\]"):
        MtcnnDetector()
