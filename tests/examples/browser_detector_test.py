"""The browser page against `edge.FaceVerifier(detector=)`, on photographs."""

import base64

import browser_page
import numpy as np
import pytest
import tiny_detectors
from PIL import Image

from keras_sphereface.edge import FaceDetector, FaceVerifier

pytest.importorskip("playwright", reason="needs pip install playwright")
pytestmark = browser_page.MARKS

# x of points of the mesh: eyes, nose, corners of the mouth.
PLACES = {33: 66, 263: 126, 4: 96, 61: 72, 291: 120}


def photograph(seed, size=(300, 400), middles=((150, 140),), sigma=20):
    """Bright spots, which the drawn detectors call faces, on colors."""
    colors = np.random.default_rng(seed).integers(0, 60, (6, 8, 3), np.uint8)
    wide = Image.fromarray(colors).resize(size[::-1], Image.Resampling.BICUBIC)
    light = tiny_detectors.spots(size, middles, sigma)
    return np.maximum(np.asarray(wide), light)


@pytest.fixture(scope="module")
def detectors(tmp_path_factory):
    """Paths of a detector and of a landmark network."""
    folder = tmp_path_factory.mktemp("detectors")
    mesh = np.random.default_rng(0).uniform(40, 150, (468, 3))
    for index, x in PLACES.items():
        mesh[index, 0] = x
    contents = {
        "short": tiny_detectors.blazeface(128),
        "full": tiny_detectors.blazeface(192),
        "mesh": tiny_detectors.landmark_network(points=mesh),
    }
    for name, content in contents.items():
        (folder / f"{name}.tflite").write_bytes(content)
    return lambda name: folder / f"{name}.tflite"


@pytest.mark.parametrize("name", ["short", "full"])
def test_photographs_score_as_in_python(page, files, detectors, name):
    path = files.folder / "face.tflite"
    verifier = FaceVerifier(path, detector=detectors(name))
    page.load(path)
    assert page.detect_with(detectors(name)) == "ready"
    many = [(300, 90), (80, 200)]
    pairs = [
        (photograph(1), photograph(2, sigma=30)),
        (photograph(3, (900, 700), [(500, 600)], 24), files.faces[0]),
        (photograph(4, middles=many), photograph(5, (240, 180), [(90, 120)])),
    ]
    for a, b in pairs:
        score, _ = page.verify(a, b)
        assert score == pytest.approx(verifier.verify(a, b).score, abs=1e-3)
        assert "Found in" in page.text("#face-a")


def test_a_landmark_network_places_the_points(page, files, detectors):
    path = files.folder / "face.tflite"
    chosen = [detectors("mesh"), detectors("short")]
    verifier = FaceVerifier(path, detector=FaceDetector(*chosen[::-1]))
    page.load(path)
    assert page.detect_with(*chosen) == "ready"
    a, b = photograph(1), photograph(2)
    score, _ = page.verify(a, b)
    assert score == pytest.approx(verifier.verify(a, b).score, abs=1e-3)


def test_what_is_no_detector_is_named(page, files, detectors):
    page.load(files.folder / "face.tflite")
    assert page.detect_with(files.folder / "face.tflite") == "error"
    assert "not a face detector of the BlazeFace kind" in page.text("#detector")
    assert page.detect_with(detectors("mesh")) == "error"
    assert "Choose one face detector" in page.text("#detector")
    _, state = page.verify(photograph(1), files.faces[0])
    assert state == "wrong-size"


def test_a_photograph_without_a_face_can_be_marked(page, files, detectors):
    page.load(files.folder / "face.tflite")
    page.detect_with(detectors("short"))
    nobody = np.zeros((200, 240, 3), np.uint8)
    _, state = page.verify(nobody, files.faces[0])
    assert state == "no-face-found"
    assert "The first face was not found" in page.text()
    page.mark(
        "face-a", [(80, 70), (140, 70), (110, 110), (90, 150), (130, 150)]
    )
    assert page.state("same", "different")
    assert "Marked in" in page.text("#face-a")


def test_a_photograph_is_searched_once_a_detector_is_chosen(
    page, files, detectors
):
    page.load(files.folder / "face.tflite")
    _, state = page.verify(photograph(1), files.faces[0])
    assert state == "wrong-size"
    page.detect_with(detectors("short"))
    assert page.state("same", "different")


FAKE_CAMERA = """async (address) => {
  const image = new Image();
  image.src = address;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.width, image.height];
  const draw = () => canvas.getContext("2d").drawImage(image, 0, 0);
  setInterval(draw, 50);
  navigator.mediaDevices.getUserMedia = async () => {
    globalThis.stream = canvas.captureStream(20);
    return globalThis.stream;
  };
}"""


def test_the_camera_gives_a_photograph_and_is_put_out(page, files, detectors):
    page.load(files.folder / "face.tflite")
    page.detect_with(detectors("short"))
    content = base64.b64encode(browser_page.png(photograph(1))).decode()
    page.page.evaluate(FAKE_CAMERA, f"data:image/png;base64,{content}")
    page.page.click("#face-a .shoot")
    page.page.click("text=Take the picture")
    page.page.wait_for_selector("#face-a .note:has-text('Found in')")
    assert page.text("#face-a strong") == "Camera"
    assert page.shown("face-a").shape == (112, 112, 3)
    page.wait_until(
        "stream.getTracks().every((track) => track.readyState === 'ended')"
    )


def test_without_a_camera_the_page_says_so(page, files):
    page.load(files.folder / "face.tflite")
    page.page.click("#face-b .shoot")
    page.page.wait_for_selector("#camera p:has-text('amera')")
    page.wait_until(
        "document.querySelector('#camera p').textContent !="
        " 'The picture stays in this page.'"
    )
    page.page.click("#camera >> text=Cancel")
    assert page.text("#face-b strong") == "Second face"
