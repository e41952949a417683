"""The people of the browser page against `edge.Gallery`, by the same files."""

import browser_page
import pytest

from keras_sphereface.edge import FaceVerifier, Gallery

pytest.importorskip("playwright", reason="needs pip install playwright")
pytestmark = browser_page.MARKS


def open_gallery(page, path, expected):
    page.page.set_input_files("#people input[type=file]", str(path))
    page.page.wait_for_selector(f".said:has-text('{expected}')")


@pytest.mark.parametrize("model", ["face", "flip"])
def test_python_and_the_page_read_each_other_s_galleries(
    page, files, tmp_path, model
):
    path = files.folder / f"{model}.tflite"
    verifier = FaceVerifier(path)
    gallery = Gallery(verifier.model)
    # The page has no gate for captures, and drawn faces may be dark.
    verifier.enrol(gallery, "Ann", files.faces[[0, 1]], check_quality=False)
    name = "Böb \N{SNOWMAN}"
    verifier.enrol(gallery, name, files.faces[3], check_quality=False)
    gallery.save(tmp_path / "python.gallery")

    page.load(path)
    open_gallery(page, tmp_path / "python.gallery", "is open")
    page.verify(files.faces[2], files.faces[5])
    answers = page.people()
    assert len(answers) == 2
    for (name, score), face in zip(answers, (2, 5), strict=True):
        expected = verifier.identify(files.faces[face], gallery)
        assert (name or None) == expected.name
        assert score == pytest.approx(expected.score, abs=1e-3)
    assert "2 people, 3 faces" in page.text("#people")

    page.enrol("Eve", face=1)
    with page.page.expect_download() as saving:
        page.page.click("#people .save")
    saving.value.save_as(tmp_path / "page.gallery")
    again = Gallery.load(tmp_path / "page.gallery")
    assert again.names == ["Ann", "Böb \N{SNOWMAN}", "Eve"]
    assert again.num_crops == 4
    found = verifier.identify(files.faces[5], again)
    assert (found.name, found.score) == ("Eve", pytest.approx(1, abs=1e-3))


def test_who_is_enrolled_is_known_and_who_is_removed_is_not(page, files):
    page.load(files.folder / "face.tflite")
    page.page.get_by_text("1 in 10", exact=True).click()
    assert page.page.is_disabled("#people form button")
    page.verify(files.faces[0], files.faces[7])
    page.enrol("Ann", face=0)
    (name, score), _ = page.people()
    assert (name, score) == ("Ann", pytest.approx(1, abs=1e-6))
    assert "UNSTEADY" in page.text(".answers")
    page.enrol("Bob", face=1)
    page.page.wait_for_selector(".answers li[data-name=Bob]")
    page.page.click("[title='Remove Ann']")
    page.page.wait_for_selector(".answers li[data-score]:first-child")
    assert "1 person, 1 face" in page.text("#people")
    page.page.click("[title='Remove Bob']")
    page.page.wait_for_selector(".answers", state="hidden")
    assert "Nobody yet" in page.text("#people")


def test_a_gallery_of_another_model_or_a_damaged_one_is_refused(
    page, files, tmp_path
):
    page.load(files.folder / "face.tflite")
    page.verify(files.faces[0], files.faces[1])
    other = FaceVerifier(files.folder / "float16.tflite")
    gallery = Gallery(other.model)
    other.enrol(gallery, "Ann", files.faces[0], check_quality=False)
    gallery.save(tmp_path / "other.gallery")
    path = tmp_path / "other.gallery"
    open_gallery(page, path, "belongs to another model")
    content = (tmp_path / "other.gallery").read_bytes()
    cases = {
        b"no gallery at all, though long": "not a gallery file",
        content[:-40]: "damaged or cut off",
        content[:-50] + b"!" + content[-49:]: "its checksum differs",
        content.replace(b'version": 1', b'version": 2'): "must be 1, float32",
    }
    for damaged, message in cases.items():
        (tmp_path / "bad.gallery").write_bytes(damaged)
        open_gallery(page, tmp_path / "bad.gallery", message)
