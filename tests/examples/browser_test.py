"""The browser page against `edge.FaceVerifier`, on the same files."""

import base64
import dataclasses
import hashlib
import io
import json
import pathlib
import types

import browser_page
import chromium
import keras
import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from keras_sphereface import build_embedding_model
from keras_sphereface.contract import OperatingPoint
from keras_sphereface.data import SyntheticFaces
from keras_sphereface.edge import FaceVerifier
from keras_sphereface.export import export_litert

FACES = pathlib.Path(__file__).parents[3] / "shared" / "faces" / "test"
NODE_MODULES = browser_page.FOLDER / "node_modules" / "@litertjs" / "core"
pytest.importorskip("playwright", reason="needs pip install playwright")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not chromium.CHROMIUM, reason="no Chromium here"),
    pytest.mark.skipif(
        not NODE_MODULES.is_dir(), reason="needs npm ci in examples/browser"
    ),
]
LOOSE = OperatingPoint(far=0.1, threshold=-0.5, data="drawn <b>faces</b>")
STRICT = OperatingPoint(
    far=0.001,
    threshold=0.99,
    tar=0.75,
    impostor_pairs=2000,
    far_interval=(0.0001, 0.0036),
    threshold_interval=(0.95, 1.0),
)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """TFLite files of one embedder, and faces."""
    folder = tmp_path_factory.mktemp("models")
    keras.utils.set_random_seed(0)
    embedder = build_embedding_model("mobilefacenet_small", embedding_dim=64)
    faces, _ = SyntheticFaces(4, 3).load()
    for name, options in {
        "face": {"operating_points": (LOOSE, STRICT)},
        "no_points": {},
        "flip": {"operating_points": [dataclasses.replace(STRICT, flip=True)]},
        "float16": {"quantization": "float16"},
        "dynamic": {"quantization": "dynamic"},
        "int8": {"quantization": "int8", "calibration": faces},
    }.items():
        export_litert(embedder, folder / f"{name}.tflite", **options)
    return types.SimpleNamespace(folder=folder, faces=faces)


@pytest.fixture(scope="module")
def opened():
    with browser_page.browser() as browser:
        yield browser


@pytest.fixture
def page(opened, files):
    """A fresh page; it must not complain, nor ask another host."""
    with browser_page.served(files.folder) as address:
        tab = opened.new_page()
        page = browser_page.FacePage(tab, address)
        assert page.open() == "no-model"
        yield page
        tab.close()
        assert page.complaints == []
        assert page.elsewhere == []


def rewrite(files, name, **changes):
    """A copy of the file whose manifest is changed, or none is left."""
    from ai_edge_litert.tools import flatbuffer_utils

    content = bytearray((files.folder / "face.tflite").read_bytes())
    model = flatbuffer_utils.read_model_from_bytearray(content)
    for entry in model.metadata:
        if entry.name == b"keras_sphereface.manifest":
            buffer = model.buffers[entry.buffer]
            manifest = json.loads(bytes(buffer.data))
            manifest |= {"checksum": "0" * 64, **changes}
            buffer.data = list(json.dumps(manifest).encode())
    if not changes:
        model.metadata = []
    path = files.folder / f"{name}.tflite"
    path.write_bytes(flatbuffer_utils.convert_object_to_bytearray(model))
    return path


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


@pytest.mark.skipif(not FACES.is_dir(), reason="needs ../shared/faces")
def test_jpeg_photographs_score_as_in_python(page, files):
    verifier = FaceVerifier(files.folder / "face.tflite")
    page.load(files.folder / "face.tflite")
    photographs = sorted(FACES.glob("*/*.jpg"))
    for a, b in ((0, 1), (0, 400), (700, 1200)):
        a, b = (photographs[index].read_bytes() for index in (a, b))
        score, _ = page.verify(a, b)
        assert score == pytest.approx(verifier.verify(a, b).score, abs=1e-3)


def test_mirror_images_are_added_where_the_threshold_wants_them(page, files):
    a, b = files.faces[0], files.faces[1]
    assert page.load(files.folder / "face.tflite") == "no-face"
    assert "without their mirror images" in page.text("#flip-text")
    plain, _ = page.verify(a, b)
    page.load(files.folder / "flip.tflite")
    fused, _ = page.verify(a, b)
    assert "together with its mirror image" in page.text("#flip-text")
    assert fused != pytest.approx(plain, abs=2e-3)


def test_the_chosen_rate_decides_and_the_strictest_comes_first(page, files):
    page.load(files.folder / "face.tflite")
    _, state = page.verify(files.faces[0], files.faces[1])
    assert state == "different"
    assert "below the threshold 0.9900" in page.text()
    said = page.text("#points")
    assert "1 in 1,000 pairs of different people" in said
    assert "interval 0.010 % to 0.36 %" in said
    assert "75.0 % of pairs of one person" in said
    assert "rests on 2 of 2,000 pairs" in said
    page.page.get_by_text("1 in 10", exact=True).click()
    assert page.state("same") == "same"
    assert "Same person" in page.text()
    assert "drawn <b>faces</b>" in page.text("#points")


def test_without_thresholds_there_is_a_score_and_no_decision(page, files):
    page.load(files.folder / "no_points.tflite")
    _, state = page.verify(files.faces[0], files.faces[1])
    assert state == "score"
    assert "no thresholds" in page.text()
    assert page.page.is_hidden("#points")


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
        shown = page.page.evaluate(
            "document.querySelector('#face-a canvas').toDataURL()"
        )
        shown = base64.b64decode(shown.partition(",")[2])
        found = np.asarray(Image.open(io.BytesIO(shown)).convert("RGB"))
        np.testing.assert_array_equal(found, expected)


def test_another_size_is_refused_until_the_middle_is_asked_for(page, files):
    large = Image.fromarray(files.faces[0]).resize((336, 224))
    page.load(files.folder / "face.tflite")
    _, state = page.verify(np.asarray(large), files.faces[1])
    assert state == "wrong-size"
    assert "The first face has the wrong size" in page.text()
    assert "336 \N{MULTIPLICATION SIGN} 224 pixels" in page.text("#face-a")
    assert "112 \N{MULTIPLICATION SIGN} 112" in page.text("#face-a")
    page.page.click("#face-a button")
    page.state("different")
    assert "do not trust this score" in page.text()
    assert "not aligned" in page.text("#face-a")


def test_files_that_are_no_faces_are_named(page, files):
    page.load(files.folder / "face.tflite")
    _, state = page.verify(b"no image", files.faces[1])
    assert state == "error"
    assert "The first face cannot be read" in page.text()
    assert "no image this browser reads" in page.text("#face-a")
    ghost = np.dstack([files.faces[0], np.full((112, 112), 128, np.uint8)])
    _, state = page.verify(files.faces[0], ghost)
    assert state == "error"
    assert "transparent pixels" in page.text("#face-b")
    _, state = page.verify(files.faces[0], files.faces[0])
    assert state == "same"


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
    assert page.load(rewrite(files, "wrong", **changes)) == "error"
    assert message in page.text()
    assert page.load(files.folder / "face.tflite") == "no-face"


def test_the_type_of_the_pixels_must_be_that_of_the_model(page, files):
    manifest = FaceVerifier(files.folder / "face.tflite").manifest
    pixels = {**manifest.input.to_dict(), "dtype": "float32"}
    newer = {"input": pixels, "a_key_of_the_future": {}}
    assert page.load(rewrite(files, "newer", **newer)) == "no-face"
    pixels["dtype"] = "uint8"
    assert page.load(rewrite(files, "newer", input=pixels)) == "error"
    assert "`input.dtype` is uint8, and the model has float32" in page.text()


def test_a_file_that_was_changed_after_its_export_is_refused(page, files):
    path = rewrite(files, "sealed", checksum="0" * 64)
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
        ("text", b"no model at all", "no TFLite file"),
        ("half", content[: len(content) // 2], "damaged"),
    ):
        path = files.folder / f"{name}.tflite"
        path.write_bytes(damaged)
        assert page.load(path) == "error"
        assert message in page.text()


def test_the_address_may_name_the_model(page):
    assert page.open("?model=models/face.tflite") == "no-face"
    assert "face.tflite" in page.text("#model")
    assert page.open("?model=models/none.tflite") == "error"
    assert "models/none.tflite: 404" in page.text()
    assert page.complaints == [page.complaints[0]]
    assert "404" in page.complaints.pop()
