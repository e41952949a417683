"""The browser page against Python's `contract`, on the same images."""

import io
import pathlib

import browser_page
import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from keras_sphereface.contract import FIVE_POINT_TEMPLATE, align_face
from keras_sphereface.edge import FaceVerifier

pytest.importorskip("playwright", reason="needs pip install playwright")
pytestmark = browser_page.MARKS
FACES = pathlib.Path(__file__).parents[3] / "shared" / "faces" / "test"
TEMPLATE = FIVE_POINT_TEMPLATE.astype(np.float64)
PHOTOGRAPH = np.uint8(
    np.random.default_rng(0)
    .integers(0, 256, (30, 24, 3))
    .repeat(8, axis=0)
    .repeat(8, axis=1)[:, :180]
)
# A click is on a whole pixel of the screen, whose center is half of one more.
LANDMARKS = np.rint(TEMPLATE @ [[1.1, 0.5], [-0.5, 1.1]] + [70, 30]) - 0.5


@pytest.mark.skipif(not FACES.is_dir(), reason="needs ../shared/faces")
def test_jpeg_photographs_score_as_in_python(page, files):
    verifier = FaceVerifier(files.folder / "face.tflite")
    page.load(files.folder / "face.tflite")
    photographs = sorted(FACES.glob("*/*.jpg"))
    for a, b in ((0, 1), (0, 400), (700, 1200)):
        a, b = (photographs[index].read_bytes() for index in (a, b))
        score, _ = page.verify(a, b)
        assert score == pytest.approx(verifier.verify(a, b).score, abs=1e-3)


def with_profile(pixels):
    """A PNG that asks for other gamma than the screen's."""
    info = PngImagePlugin.PngInfo()
    info.add(b"gAMA", (100000).to_bytes(4, "big"))
    return browser_page.png(pixels, pnginfo=info)


def turned(pixels):
    """A file that lies on its side and says so."""
    exif = Image.Exif()
    exif[0x0112] = 6
    file = io.BytesIO()
    Image.fromarray(np.rot90(pixels)).save(file, "png", exif=exif)
    return file.getvalue()


def test_pixels_are_those_of_the_file(page, files):
    face = files.faces[3]
    gray = np.asarray(Image.fromarray(face).convert("L"))
    palette = Image.fromarray(face).quantize(32)
    indexed = io.BytesIO()
    palette.save(indexed, "png")
    page.load(files.folder / "face.tflite")
    for content, expected in (
        (browser_page.png(face), face),
        (with_profile(face), face),
        (turned(face), face),
        (browser_page.png(gray), np.stack([gray] * 3, axis=-1)),
        (indexed.getvalue(), np.asarray(palette.convert("RGB"))),
    ):
        _, state = page.verify(content, content)
        assert state == "same" or "0.9900" in page.text()
        np.testing.assert_array_equal(page.shown("face-a"), expected)


def test_another_size_is_refused_where_the_landmarks_are_not_known(page, files):
    page.load(files.rewrite("old", alignment=None))
    _, state = page.verify(PHOTOGRAPH, files.faces[1])
    assert state == "wrong-size"
    assert "The first face has the wrong size" in page.text()
    assert "180 \N{MULTIPLICATION SIGN} 240 pixels" in page.text("#face-a")
    assert "112 \N{MULTIPLICATION SIGN} 112" in page.text("#face-a")
    assert "ks.contract.align_face" in page.text()
    assert page.page.is_hidden("#face-a button")


def test_a_photograph_is_aligned_by_the_landmarks_that_are_clicked(page, files):
    path = files.rewrite("new", alignment=TEMPLATE.tolist())
    page.load(path)
    _, state = page.verify(PHOTOGRAPH, files.faces[1])
    assert state == "wrong-size"
    assert "mark the face" in page.text()
    page.mark("face-a", LANDMARKS)
    page.state("same", "different")
    assert "Marked in 180" in page.text("#face-a")
    expected = align_face(PHOTOGRAPH, LANDMARKS)
    np.testing.assert_array_equal(page.shown("face-a"), expected)
    score = float(page.page.get_attribute("#score", "data-score"))
    found = FaceVerifier(files.folder / "face.tflite").verify(
        expected, files.faces[1]
    )
    assert score == pytest.approx(found.score, abs=1e-3)


def test_landmarks_of_no_face_are_refused_and_can_be_marked_again(page, files):
    page.load(files.rewrite("new", alignment=TEMPLATE.tolist()))
    page.verify(PHOTOGRAPH, files.faces[1])
    page.mark("face-a", LANDMARKS[[1, 0, 2, 4, 3]])
    page.state("error")
    assert "left and right swapped" in page.text()
    page.page.click("#face-a button")
    page.page.click("#landmarks canvas")
    assert page.text("#landmarks h2") == "Click the right eye"
    page.page.click("text=Back")
    assert page.text("#landmarks h2") == "Click the left eye"
    page.page.click("text=Cancel")
    assert page.state("error", "same", "different") == "error"
    page.mark("face-a", LANDMARKS)
    assert page.state("same", "different")


def test_files_that_are_no_faces_are_named(page, files):
    page.load(files.folder / "face.tflite")
    _, state = page.verify(b"no image", files.faces[1])
    assert state == "error"
    assert "The first face cannot be read" in page.text()
    assert "not an image this browser reads" in page.text("#face-a")
    ghost = np.dstack([files.faces[0], np.full((112, 112), 128, np.uint8)])
    _, state = page.verify(files.faces[0], ghost)
    assert state == "error"
    assert "transparent pixels" in page.text("#face-b")
    _, state = page.verify(files.faces[0], files.faces[0])
    assert state == "same"
