"""Photographs in, faces out: with a detector of drawn dots, and from files."""

import io

import drawn_heads
import numpy as np
import pytest
import tiny_detectors
from drawn_heads import draw_heads, head
from PIL import Image

from keras_sphereface.contract import ImageError
from keras_sphereface.edge import FaceDetector, face_detector


@pytest.fixture
def network(monkeypatch):
    network = drawn_heads.DotNetwork()
    monkeypatch.setattr(
        face_detector, "open_face_network", lambda path, threads: network
    )
    return network


def check(face, points, tolerance):
    """Where the points are, and a box around them."""
    assert np.abs(face.landmarks - points).max() <= tolerance
    middle = face.box[:2] + face.box[2:] / 2
    assert np.abs(middle - np.mean(points, 0)).max() <= 4 * tolerance
    assert face.score == pytest.approx(0.9)


@pytest.mark.parametrize("degrees", [0, 25, -25])
def test_a_large_face_is_found_at_the_first_look(network, degrees):
    points = head(330, 250, 200, degrees)
    face = FaceDetector("any").find_one(draw_heads((480, 640), [points]))
    check(face, points, 2.0)
    assert network.looks == 3  # the picture, and the face twice


def test_a_small_face_is_found_in_a_part(network):
    points = head(470, 130, 50)
    image = draw_heads((480, 640), [points])
    for face in (
        FaceDetector("any").find_one(image),
        *FaceDetector("any")(image),
    ):
        check(face, points, 1.0)
        assert face.box[2] == pytest.approx(50, abs=3)
    assert FaceDetector("any", min_face=0.2)(image) == []


@pytest.mark.parametrize("degrees", [90, -90, 180, 60, -130])
def test_a_turned_face_is_found_unless_told_otherwise(network, degrees):
    points = head(300, 230, 190, degrees)
    image = draw_heads((480, 640), [points])
    check(FaceDetector("any").find_one(image), points, 1.5)
    [face] = FaceDetector("any")(image)
    check(face, points, 1.5)
    upright_only = FaceDetector("any", turned=False)
    assert upright_only.find_one(image) is None
    assert upright_only(image) == []


def test_faces_of_several_parts_are_all_found(network):
    heads = [head(150, 150, 60), head(500, 330, 60)]
    found = FaceDetector("any")(draw_heads((480, 640), heads))
    assert len(found) == 2
    for points in heads:
        assert min(np.abs(f.landmarks - points).max() for f in found) <= 1.5


def test_a_large_photograph_is_no_other(network):
    points = head(2100, 900, 700)
    image = draw_heads((2000, 3000), [points])
    check(FaceDetector("any").find_one(image), points, 6.0)
    points = head(2100, 900, 180)
    image = draw_heads((2000, 3000), [points])
    check(FaceDetector("any").find_one(image), points, 3.0)


def test_the_orientation_of_a_file_is_applied(network):
    points = head(200, 150, 100)
    image = draw_heads((300, 400), [points])
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise to be seen
    Image.fromarray(np.rot90(image)).save(file, "png", exif=exif)
    check(FaceDetector("any").find_one(file.getvalue()), points, 1.0)


def test_there_is_nothing_in_the_dark(network):
    detector = FaceDetector("any")
    for size in ((480, 640), (1, 1), (3, 500)):
        image = np.zeros((*size, 3), np.uint8)
        assert detector(image) == []
        assert detector.find_one(image) is None
        assert detector.find_one(image, rule="largest") is None


def test_other_rules_see_all_faces(network):
    heads = [head(120, 120, 60), head(420, 300, 110)]
    image = draw_heads((480, 640), heads)
    face = FaceDetector("any").find_one(image, rule="largest")
    check(face, heads[1], 2.0)
    with pytest.raises(ValueError, match="`rule` must be one of"):
        FaceDetector("any").find_one(image, rule="first")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"min_score": 0}, "`min_score`"),
        ({"min_score": 1.0}, "`min_score`"),
        ({"min_face": 0}, "`min_face`"),
        ({"min_face": 1.5}, "`min_face`"),
        ({"turned": 1}, "`turned`"),
    ],
)
def test_wrong_arguments_are_named(network, options, message):
    with pytest.raises(ValueError, match=message):
        FaceDetector("any", **options)


def test_what_is_no_photograph_is_refused(network):
    detector = FaceDetector("any")
    with pytest.raises(ImageError, match="uint8"):
        detector(np.zeros((40, 40, 3)))
    with pytest.raises(ImageError, match="not an image"):
        detector.find_one(b"no image")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("detector")
    (folder / "short.tflite").write_bytes(tiny_detectors.blazeface(128))
    (folder / "yunet.onnx").write_bytes(tiny_detectors.yunet(320))
    points = np.full((468, 3), 96.0)
    # Two thirds of the view, whose middle is that of the box.
    points[10, :2], points[152, :2] = 32, 160
    (folder / "landmarks.tflite").write_bytes(
        tiny_detectors.landmark_network(points=points)
    )
    (folder / "no_face.tflite").write_bytes(
        tiny_detectors.landmark_network(points=points, logit=-9.0)
    )
    return folder


@pytest.mark.parametrize(
    ("name", "sigma"), [("short.tflite", 40), ("yunet.onnx", 20)]
)
def test_files_are_run(files, name, sigma):
    detector = FaceDetector(files / name, threads=1)
    # Seen by the network, the spot has a sigma of a few pixels.
    image = tiny_detectors.spots((480, 640), [(400, 200)], sigma)
    face = detector.find_one(image)
    middle = face.box[:2] + face.box[2:] / 2
    np.testing.assert_allclose(middle, [400, 200], atol=25)
    assert face.score > 0.6


def test_a_second_network_confirms_and_moves_the_points(files):
    image = tiny_detectors.spots((480, 640), [(400, 200)], sigma=40)
    short = files / "short.tflite"
    detector = FaceDetector(short, files / "landmarks.tflite", threads=1)
    face = detector.find_one(image)
    # It says that all five are in the middle of its view.
    middle = face.box[:2] + face.box[2:] / 2
    np.testing.assert_allclose(face.landmarks, [middle] * 5, atol=1e-3)
    refused = FaceDetector(short, files / "no_face.tflite", threads=1)
    assert refused.find_one(image) is None
    assert refused(image) == []
