"""The browser page against `edge.FaceVerifier`, on the same files."""

import hashlib

import browser_page
import numpy as np
import pytest

from keras_sphereface.edge import FaceVerifier

pytest.importorskip("playwright", reason="needs pip install playwright")
pytestmark = browser_page.MARKS


@pytest.mark.parametrize(
    ("name", "tolerance"),
    [
        ("face", 1e-3),
        ("flip", 1e-3),
        ("no_points", 1e-3),
        ("float16", 1e-3),
        ("int8", 1e-3),
        # Activations are rounded to int8 with ranges found as it runs: the
        # last bit of a float may decide.
        ("dynamic", 5e-3),
    ],
)
def test_scores_are_those_of_python(page, files, name, tolerance):
    path = files.folder / f"{name}.tflite"
    verifier = FaceVerifier(path)
    page.load(path)
    scores = []
    for a, b in ((0, 0), (0, 1), (2, 7), (5, 10)):
        score, _ = page.verify(files.faces[a], files.faces[b])
        expected = verifier.verify(
            files.faces[a], files.faces[b], threshold=0.0
        )
        assert score == pytest.approx(expected.score, abs=tolerance)
        scores.append(score)
    assert np.ptp(scores) > 0.1


def test_mirror_images_are_added_where_the_threshold_wants_them(page, files):
    a, b = files.faces[0], files.faces[1]
    assert page.load(files.folder / "face.tflite") == "no-face"
    assert "without their mirror images" in page.text("#flip-text")
    plain, _ = page.verify(a, b)
    page.load(files.folder / "flip.tflite")
    fused, _ = page.verify(a, b)
    assert "together with its mirror image" in page.text("#flip-text")
    assert fused != pytest.approx(plain, abs=2e-3)


def test_the_chosen_rate_decides_and_the_strictest_steady_is_chosen(
    page, files
):
    page.load(files.folder / "face.tflite")
    _, state = page.verify(files.faces[0], files.faces[1])
    assert state == "different"
    assert "below the threshold 0.9900" in page.text()
    said = page.text("#points")
    assert "1 in 1,000 pairs of different people" in said
    assert "interval 0.070 % to 0.14 %" in said
    assert "75.0 % of pairs of one person" in said
    assert "rests on 40 of 40,000 pairs" in said
    assert "UNSTEADY" not in page.text()
    page.page.get_by_text("1 in 10", exact=True).click()
    assert page.state("same") == "same"
    assert "Same person" in page.text()
    assert "drawn <b>faces</b>" in page.text("#points")
    # On how many pairs it rests is not known.
    assert "This threshold is UNSTEADY" in page.text()
    assert "30 or more would make it steady" in page.text("#points")


def test_an_unsteady_rate_is_not_chosen_and_a_calibration_is_shown(page, files):
    points = [
        {"far": 0.0001, "threshold": 0.995, "impostor_pairs": 40_000},
        {"far": 0.001, "threshold": 0.99, "impostor_pairs": 40_000},
        {"far": 0.1, "threshold": 0.5, "impostor_pairs": 40_000},
    ]
    numbers = {"slope": 10.0, "intercept": -3.0, "genuine_share": 0.2}
    changes = {"operating_points": points, "calibration": numbers}
    path = files.rewrite("calibrated", **changes)
    page.load(path)
    score, _ = page.verify(files.faces[0], files.faces[1])
    assert "the threshold 0.9900" in page.text()
    odds = 4 * np.exp(10 * score - 3)
    assert f"probability {odds / (1 + odds):.3f}" in page.text()
    numbers["genuine_share"] = 1
    wrong = files.rewrite("calibrated", calibration=numbers)
    assert page.load(wrong) == "error"
    assert "`calibration` must be numbers" in page.text()


def test_without_thresholds_there_is_a_score_and_no_decision(page, files):
    page.load(files.folder / "no_points.tflite")
    _, state = page.verify(files.faces[0], files.faces[1])
    assert state == "score"
    assert "no thresholds" in page.text()
    assert page.page.is_hidden("#points")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, "no keras_sphereface manifest"),
        ({"format_version": 99}, "`format_version` must be 1. Received: 99"),
        ({"embedding_dim": 512}, "`embedding_dim` is 512, and the model has"),
        ({"operating_points": [{"far": 2}]}, "`operating_points.0.far` must"),
        ({"input": {"height": 112}}, "`input.width` must be a positive int"),
    ],
)
def test_a_manifest_that_is_missing_or_wrong_is_an_error(
    page, files, changes, message
):
    assert page.load(files.rewrite("wrong", **changes)) == "error"
    assert message in page.text()
    assert page.load(files.folder / "face.tflite") == "no-face"


def test_the_type_of_the_pixels_must_be_that_of_the_model(page, files):
    manifest = FaceVerifier(files.folder / "face.tflite").manifest
    pixels = {**manifest.input.to_dict(), "dtype": "float32"}
    newer = {"input": pixels, "a_key_of_the_future": {}}
    assert page.load(files.rewrite("newer", **newer)) == "no-face"
    pixels["dtype"] = "uint8"
    assert page.load(files.rewrite("newer", input=pixels)) == "error"
    assert "`input.dtype` is uint8, and the model has float32" in page.text()


def test_a_file_that_was_changed_after_its_export_is_refused(page, files):
    path = files.rewrite("sealed", checksum="0" * 64)
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    sealed = content.replace(b"0" * 64, digest.encode())
    path.write_bytes(sealed)
    assert page.load(path) == "no-face"
    path.write_bytes(sealed.replace(b"drawn <b>", b"Drawn <b>"))
    assert page.load(path) == "error"
    assert "damaged or changed" in page.text()


def test_files_that_are_no_models_are_errors(page, files):
    content = (files.folder / "face.tflite").read_bytes()
    for name, damaged, message in (
        ("text", b"no model at all", "not a TFLite file"),
        ("half", content[: len(content) // 2], "damaged"),
    ):
        path = files.folder / f"{name}.tflite"
        path.write_bytes(damaged)
        assert page.load(path) == "error"
        assert message in page.text()


def test_the_page_says_that_it_is_loading(page, files):
    held = []
    page.page.route("**/*.wasm", lambda route: held.append(route))
    path = files.folder / "face.tflite"
    page.choose("model", path.read_bytes(), path.name)
    page.state("loading")
    while not held:
        page.page.wait_for_timeout(20)
    assert "Loading" in page.text()
    held[0].continue_()
    page.state("no-face")


def test_the_address_may_name_the_model(page):
    assert page.open("?model=models/face.tflite") == "no-face"
    assert "face.tflite" in page.text("#model")
    assert page.open("?model=models/none.tflite") == "error"
    assert "models/none.tflite: 404" in page.text()
    assert page.complaints == [page.complaints[0]]
    assert "404" in page.complaints.pop()


def test_the_browser_forbids_the_page_to_talk_to_other_hosts(page):
    refused = page.page.evaluate(
        "() => new Promise((resolve) => {"
        "addEventListener('securitypolicyviolation',"
        "(event) => resolve(event.violatedDirective));"
        "fetch('http://127.0.0.2/').catch(() => {}); })"
    )
    assert refused == "connect-src"
    assert "Content Security Policy" in page.complaints[0]
    page.complaints.clear()
    page.elsewhere.clear()
