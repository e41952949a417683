"""Five of 468 points, from a network that always answers the same."""

import numpy as np
import pytest
import tiny_detectors

from keras_sphereface.edge import DetectedFace, ModelFileError
from keras_sphereface.edge.landmark_network import _FIVE, LandmarkNetwork

IMAGE = np.random.default_rng(0).integers(0, 256, (300, 400, 3), np.uint8)
# Even about the middle of a view of 192 pixels.
EVEN = np.array([[66, 80], [126, 80], [96, 110], [72, 130], [120, 130.0]])
# Two thirds of the view, as the box of a face is: its corners.
CORNERS = {10: (32, 32), 152: (160, 160)}


def mesh(five, corners=None):
    """468 points whose five are given, in pixels of a view of 192."""
    points = np.full((468, 3), 96.0)
    for group, point in zip(_FIVE, five, strict=True):
        points[list(group), :2] = point
    for place, corner in (corners or CORNERS).items():
        points[place, :2] = corner
    return points


def face(x, y, side, degrees=0.0):
    """A face of a box, whose eyes say how it is turned."""
    radians = np.radians(degrees)
    eyes = np.array([[0, 0], [np.cos(radians), np.sin(radians)]]) * side / 2
    landmarks = np.concatenate([eyes, np.zeros((3, 2))]) + np.array([x, y])
    box = np.array([x - side / 2, y - side / 2, side, side])
    return DetectedFace(box, landmarks, 0.9)


def network_of(folder, points, **options):
    path = folder / "landmarks.tflite"
    content = tiny_detectors.landmark_network(points=points, **options)
    path.write_bytes(content)
    return LandmarkNetwork(path, 1)


def test_points_of_the_view_become_points_of_the_picture(tmp_path):
    network = network_of(tmp_path, mesh(EVEN))
    # The view is half as large again as the box: 192 pixels, pixel by pixel.
    found, score = network.find(IMAGE, face(200, 150, 128))
    np.testing.assert_allclose(found, EVEN - 96 + [200, 150], atol=1e-4)
    assert score == pytest.approx(1 / (1 + np.exp(-10)))
    found, _ = network.find(IMAGE, face(200, 150, 64))
    np.testing.assert_allclose(found, (EVEN - 96) / 2 + [200, 150], atol=1e-4)


def test_the_view_is_turned_by_the_eyes(tmp_path):
    network = network_of(tmp_path, mesh(EVEN))
    found, _ = network.find(IMAGE, face(200, 150, 128, degrees=90))
    x, y = (EVEN - 96).T  # a quarter clockwise: right is down, down is left
    expected = np.stack([200 - y, 150 + x], axis=1)
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_a_face_beside_the_view_is_looked_at_again(tmp_path, monkeypatch):
    corners = {10: (52, 32), 152: (180, 160)}  # 20 pixels to the right
    network = network_of(tmp_path, mesh(EVEN + np.array([20, 0]), corners))
    looks = []
    look = network._look
    monkeypatch.setattr(
        network, "_look", lambda pixels: looks.append(pixels) or look(pixels)
    )
    found, _ = network.find(IMAGE, face(150, 150, 128))
    # It always says so: three looks, each 20 pixels farther.
    assert len(looks) == 3
    np.testing.assert_allclose(found, EVEN - 96 + [210, 150], atol=1e-3)


@pytest.mark.parametrize(
    "broken", [np.full((468, 3), np.nan), np.full((468, 3), np.inf)]
)
def test_points_that_are_no_numbers_are_no_face(tmp_path, broken):
    network = network_of(tmp_path, broken)
    found, score = network.find(IMAGE, face(200, 150, 128))
    assert np.isfinite(found).all()
    assert score == pytest.approx(0, abs=1e-12)


def test_a_low_score_is_told(tmp_path):
    network = network_of(tmp_path, mesh(EVEN), logit=-500.0)
    _, score = network.find(IMAGE, face(200, 150, 128))
    assert score == pytest.approx(0, abs=1e-12)


def test_a_network_of_other_tensors_is_named(tmp_path):
    path = tmp_path / "detector.tflite"
    path.write_bytes(tiny_detectors.blazeface(128))
    with pytest.raises(
        ModelFileError, match=r"`landmarks_path` must be.*detector\.tflite"
    ):
        LandmarkNetwork(path, 1)
    with pytest.raises(ValueError, match=r"`landmarks_path` must be the path"):
        LandmarkNetwork(7, 1)
