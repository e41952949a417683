"""What YuNet says, in our words; the network itself is not run here."""

import sys
import types

import numpy as np
import pytest

from keras_sphereface.alignment import YunetDetector


class FakeNetwork:
    found = None

    @classmethod
    def create(cls, path, config, size, score_threshold):
        if not path.endswith("good.onnx"):
            raise FakeError("cannot be read")
        network = cls()
        network.threshold = score_threshold
        return network

    def setInputSize(self, size):  # noqa: N802
        self.size = size

    def detect(self, image):
        self.image = image
        return 1, self.found


class FakeError(Exception):
    pass


@pytest.fixture(autouse=True)
def _cv2(monkeypatch):
    module = types.SimpleNamespace(FaceDetectorYN=FakeNetwork, error=FakeError)
    monkeypatch.setitem(sys.modules, "cv2", module)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "good.onnx"
    path.write_bytes(b"model")
    return path


def test_a_row_is_a_box_five_points_and_a_score(path, monkeypatch):
    row = np.float32([1, 2, 30, 40, *range(10, 20), 0.75])
    monkeypatch.setattr(FakeNetwork, "found", row[None])
    (face,) = YunetDetector(path)(np.zeros((50, 60, 3), np.uint8))
    assert face.box.tolist() == [1, 2, 30, 40]
    np.testing.assert_array_equal(
        face.landmarks, np.arange(10, 20).reshape(5, 2)
    )
    assert face.score == 0.75


def test_the_network_sees_blue_first_and_the_size_of_the_picture(path):
    detector = YunetDetector(path, score_threshold=0.25)
    image = np.zeros((50, 60, 3), np.uint8)
    image[..., 0] = 200  # red
    assert detector(image) == []
    network = detector._network
    assert network.size == (60, 50)
    assert network.threshold == 0.25
    assert network.image[0, 0].tolist() == [0, 0, 200]
    assert network.image.flags.c_contiguous


def test_a_wrong_model_file_is_named(tmp_path):
    for wrong in (None, "", tmp_path / "missing.onnx"):
        with pytest.raises(
            ValueError, match=r"`model_path` must be the \.onnx"
        ):
            YunetDetector(wrong)
    (tmp_path / "bad.onnx").write_bytes(b"model")
    with pytest.raises(ValueError, match=r"OpenCV can read.*cannot be read"):
        YunetDetector(tmp_path / "bad.onnx")


def test_without_opencv_it_says_what_to_install(path, monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(ModuleNotFoundError, match="opencv-python-headless"):
        YunetDetector(path)
