"""The Kotlin and the Swift for phones against an exported file."""

import functools
import json
import pathlib
import re
import shutil
import subprocess
import types

import keras
import numpy as np
import pytest
import tiny_detectors
from ai_edge_litert.interpreter import Interpreter
from ai_edge_litert.tools import flatbuffer_utils
from PIL import Image

from keras_sphereface.contract import (
    FORMAT_VERSION,
    MANIFEST_NAME,
    FaceInput,
    Manifest,
    OperatingPoint,
    align_face,
    flip_fusion,
    template_for,
    unit_embeddings,
)
from keras_sphereface.data import SyntheticFaces
from keras_sphereface.edge import FaceDetector, Gallery
from keras_sphereface.edge.model_identity import ModelIdentity
from keras_sphereface.export import export_litert

ROOT = pathlib.Path(__file__).parents[2]
README = (ROOT / "examples" / "mobile" / "README.md").read_text("utf-8")
STAND_INS = pathlib.Path(__file__).with_name("mobile")
JSON_JAR = pathlib.Path("/usr/share/java/com.android.json.jar")
POINTS = (
    OperatingPoint(far=0.1, threshold=-0.9, flip=True),
    OperatingPoint(far=0.01, threshold=0.95, impostor_pairs=3000),
)


ANDROID, IOS = ROOT / "examples" / "android", ROOT / "examples" / "ios"
KOTLIN_FILES = sorted(ANDROID.rglob("*.kt"))
SWIFT_FILES = sorted(IOS.rglob("*.swift"))
KOTLIN, SWIFT = (
    "\n".join(path.read_text("utf-8") for path in files)
    for files in (KOTLIN_FILES, SWIFT_FILES)
)
both = pytest.mark.parametrize("code", [KOTLIN, SWIFT], ids=["kotlin", "swift"])


def embedder():
    keras.utils.set_random_seed(1)
    images = keras.Input((112, 112, 3))
    x = keras.layers.Rescaling(1 / 127.5, offset=-1.0)(images)
    for _ in range(2):
        x = keras.layers.Conv2D(8, 5, 4, "same", activation="relu")(x)
    outputs = keras.layers.Dense(16, use_bias=False)(keras.layers.Flatten()(x))
    return keras.Model(images, outputs)


def with_manifest(content, change):
    """A file whose manifest is changed by a function, and the manifest."""
    model = flatbuffer_utils.read_model_from_bytearray(bytearray(content))
    (buffer,) = (
        model.buffers[entry.buffer]
        for entry in model.metadata
        if entry.name == MANIFEST_NAME.encode()
    )
    manifest = json.loads(bytes(buffer.data))
    change(manifest)
    buffer.data = list(json.dumps(manifest).encode())
    content = flatbuffer_utils.convert_object_to_bytearray(model)
    return bytes(content), manifest


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A file, its manifest and its signatures."""

    def align(manifest):
        # What newer manifests have of themselves.
        manifest.setdefault("alignment", template_for(112, 112).tolist())

    path = tmp_path_factory.mktemp("mobile") / "face.tflite"
    export_litert(embedder(), path, operating_points=POINTS)
    content, manifest = with_manifest(path.read_bytes(), align)
    runtime = Interpreter(model_content=content)
    return types.SimpleNamespace(
        content=content,
        manifest=manifest,
        signatures=runtime.get_signature_list(),
        embed=runtime.get_signature_runner("embed"),
    )


def table_of_signatures():
    rows = re.findall(r"^\| `(\w+)` \| (.+) \| (.+) \|$", README, re.MULTILINE)
    return {
        name: {
            "inputs": re.findall(r"`(\w+)`", inputs),
            "outputs": re.findall(r"`(\w+)`", outputs),
        }
        for name, inputs, outputs in rows
    }


def test_the_table_has_the_signatures_of_the_file(exported):
    table = table_of_signatures()
    assert set(table) == {"embed", "verify"}
    for name, names in exported.signatures.items():
        assert table[name] == names


@both
def test_the_code_names_the_signature_and_its_tensors(code):
    table = table_of_signatures()
    names = re.findall(r'"((?:images|embeddings|scores)\w*)"', code)
    embed = table["embed"]
    assert set(names) == {*embed["inputs"], *embed["outputs"]}
    found = re.findall(r'(?:EMBED|embedSignature) = "(\w+)"', code)
    assert found == ["embed"]


@both
def test_the_manifest_is_where_the_code_looks(exported, code):
    (name,) = re.findall(r'(?:METADATA_NAME|metadataName) = "(.+)"', code)
    assert name == MANIFEST_NAME
    assert f"`{name}`" in README
    (version,) = re.findall(r"(?:FORMAT_VERSION|supportedFormat) = (\d+)", code)
    assert int(version) == exported.manifest["format_version"] == FORMAT_VERSION


def test_the_kotlin_reads_keys_that_the_manifest_has(exported):
    keys = re.findall(r'(json|input)\.(get|opt)\w+\("(\w+)"', KOTLIN)
    assert len(keys) > 21
    point = exported.manifest["operating_points"][0]
    for where, how, key in keys:
        if where == "input":
            assert key in exported.manifest["input"] or how == "opt"
        else:
            calibration = {"slope", "intercept", "genuine_share"}
            gallery = {"model", "names", "num_crops", "flip"}
            assert key in {*exported.manifest, *point, *calibration, *gallery}


def test_the_swift_reads_keys_that_the_manifest_has(exported):
    structs = {
        "OperatingPoint": exported.manifest["operating_points"][0],
        "FaceManifest": exported.manifest,
        "Input": exported.manifest["input"],
    }
    for name, content in structs.items():
        body = re.search(
            rf"^( *)public struct {name}: Decodable {{\n(.*?)^\1}}",
            SWIFT,
            re.DOTALL | re.MULTILINE,
        )
        indent = body[1] + "  public let "
        keys = re.findall(rf"^{indent}(\w+): (.+)$", body[2], re.MULTILINE)
        assert keys
        for key, kind in keys:
            snake = re.sub("([A-Z])", r"_\1", key).lower()
            assert snake in content or kind.endswith("?")


@both
def test_the_input_is_that_of_the_contract(exported, code):
    face_input = FaceInput.from_dict(exported.manifest["input"])
    assert f'"{face_input.color_order}"' in code
    low, high = face_input.pixel_range
    assert f"`[{low}, {high}]`" in README
    assert re.search(rf"\[{low}, {high}\]", code)
    # Types that a manifest may name, and the sizes it alone knows.
    assert '"uint8"' in code
    assert re.search("float32", code, re.IGNORECASE)
    assert not re.search(rf"\b{face_input.height}\b", code)


def test_both_languages_read_the_same_slots_of_the_flatbuffer():
    kotlin, swift = (
        sorted(re.findall(r"slot(?: =|:) (\d+)", code))
        for code in (KOTLIN, SWIFT)
    )
    assert kotlin == swift == ["12", "16", "4", "4", "6"]


@pytest.mark.slow
def test_the_swift_has_no_syntax_errors():
    tree_sitter = pytest.importorskip("tree_sitter")
    grammar = pytest.importorskip("tree_sitter_swift")
    parser = tree_sitter.Parser(tree_sitter.Language(grammar.language()))
    assert len(SWIFT_FILES) > 10
    for path in SWIFT_FILES:
        tree = parser.parse(path.read_bytes())
        assert not tree.root_node.has_error, path.name


@pytest.mark.parametrize(
    "path", KOTLIN_FILES + SWIFT_FILES, ids=lambda path: path.name
)
def test_files_are_small_and_say_what_they_hold(path):
    lines = path.read_text("utf-8").splitlines()
    assert len(lines) <= 200
    assert max(map(len, lines)) <= 100


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """The Kotlin, compiled against stand-ins for LiteRT and Android."""
    missing = [tool for tool in ("kotlinc", "javac") if not shutil.which(tool)]
    if missing or not JSON_JAR.is_file():
        pytest.skip(f"needs kotlinc, javac and {JSON_JAR}; no {missing}")
    folder = tmp_path_factory.mktemp("kotlin")
    sources = [str(STAND_INS / "Main.kt")]
    sources += map(str, KOTLIN_FILES)
    classes = folder / "classes"
    classes.mkdir()
    stand_ins = sorted(map(str, STAND_INS.glob("*.java")))
    subprocess.run(["javac", "-d", classes, *stand_ins], check=True)
    libraries = f"{classes}:{JSON_JAR}"
    jar = folder / "faces.jar"
    subprocess.run(
        ["kotlinc", *sources, "-cp", libraries, "-include-runtime", "-d", jar],
        check=True,
        capture_output=True,
    )
    return f"{jar}:{libraries}"


def assert_alike(content, dtype, image):
    """The pixels are equal, but for the rounding of a few halves.

    A manifest has four digits of the template, `align_face` has all.
    """
    found = np.frombuffer(content, dtype).reshape(image.shape)
    np.testing.assert_allclose(1.0 * found, image, atol=1)
    assert np.mean(found != image) < 1e-3


def write_picture(path, pixels):
    size = np.int32([pixels.shape[1], pixels.shape[0]])
    path.write_bytes(size.astype("<i4").tobytes() + pixels.tobytes())


class Tape:
    """A network that writes down what it is shown and what it answers."""

    def __init__(self, network, folder):
        self.network, self.folder, self.inputs = network, folder, []

    def run(self, values):
        outputs = self.network.run(values)
        call = f"call.{len(self.inputs)}.detect"
        boxes_first = sorted(outputs.values(), key=lambda x: -x.shape[-1])
        for index, numbers in enumerate(boxes_first):
            (self.folder / f"{call}.{index}").write_bytes(numbers.tobytes())
        self.inputs.append(values.copy())
        return outputs


def photograph():
    """A face that leans, on a larger picture."""
    generator = np.random.default_rng(3)
    small = generator.integers(0, 60, (6, 9, 3), np.uint8)
    wide = Image.fromarray(small).resize((410, 300), Image.Resampling.BICUBIC)
    light = tiny_detectors.spots((300, 410), [(250, 140)], 16)
    return np.maximum(np.asarray(wide), light)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "uint8"])
@pytest.mark.parametrize("point", POINTS, ids=["flip", "plain"])
def test_the_kotlin_decides_like_python(
    program, exported, tmp_path, dtype, point
):
    """The runtime stands in: it answers what it answered Python."""
    (tmp_path / "short.tflite").write_bytes(tiny_detectors.blazeface(128))
    detector = FaceDetector(tmp_path / "short.tflite")
    tape = Tape(detector._network._network, tmp_path)
    detector._network._network = tape
    picture, face = photograph(), SyntheticFaces(1, 1).draw(0, 0)
    crop = align_face(picture, detector.find_one(picture).landmarks)
    assert len(tape.inputs) >= 3

    def embed(images):
        images = np.asarray(images, np.float32)
        return np.concatenate(
            [
                exported.embed(images=image[None])["embeddings"]
                for image in images
            ]
        )

    # What is embedded: to verify, to identify and to enrol.
    images = [face, crop, crop, crop]
    if point.flip:
        images = [each for i in images for each in (i, i[:, ::-1])]
    for number, image in enumerate(images):
        name = f"call.{number}.embed.embeddings"
        (tmp_path / name).write_bytes(embed([image])[0].tobytes())
    fuse = functools.partial(flip_fusion, embed) if point.flip else embed
    a, b = unit_embeddings(fuse([crop, face]))

    write_picture(tmp_path / "a", picture)
    write_picture(tmp_path / "b", face)
    for name, words in {
        "input.embed.images": f"{dtype.upper()} 1 112 112 3",
        "input.0": "FLOAT32 1 128 128 3",
        "output.0": "FLOAT32 1 896 16",
        "output.1": "FLOAT32 1 896 1",
    }.items():
        (tmp_path / name).write_text(words)
    content, manifest = with_manifest(
        exported.content, lambda manifest: manifest["input"].update(dtype=dtype)
    )
    (tmp_path / "face.tflite").write_bytes(content)
    model = ModelIdentity.of_manifest(
        Manifest.from_json(json.dumps(manifest)), flip=point.flip
    )
    gallery = Gallery(model)
    generator = np.random.default_rng(0)
    gallery.enrol("Ann", generator.normal(size=(2, 16)))
    gallery.enrol("Böb \N{SNOWMAN}", [b, a + 0.5 * b])
    gallery.save(tmp_path / "python.gallery")

    finished = subprocess.run(
        ["java", "-Dfile.encoding=UTF-8", f"-Dfolder={tmp_path}"]
        + ["-cp", program, "MainKt"]
        + ([str(point.far)] if point.flip else []),
        capture_output=True,
        encoding="utf-8",
    )
    assert finished.returncode == 0, finished.stderr
    for number, values in enumerate(tape.inputs):
        seen = np.fromfile(tmp_path / f"call.{number}.detect.input", "<f4")
        np.testing.assert_allclose(seen, values.ravel(), atol=1e-6)
    assert_alike((tmp_path / "crop").read_bytes(), np.uint8, crop)
    for number, image in enumerate(images):
        seen = (tmp_path / f"call.{number}.embed.images").read_bytes()
        assert_alike(seen, dtype, image)
    verdict, found, refusal = finished.stdout.splitlines()
    score, threshold, far, same = verdict.split()
    assert float(score) == pytest.approx(float(a @ b), abs=1e-6)
    assert (float(threshold), float(far)) == (point.threshold, point.far)
    assert same == str(float(a @ b) >= point.threshold).lower()
    expected = gallery.search(a)
    *name, score, alarm = found.split(" ")
    best = expected.names[0][0]
    known = best if expected.scores[0, 0] >= point.threshold else "null"
    assert " ".join(name) == f"{known} {best}"
    assert float(score) == pytest.approx(expected.scores[0, 0], abs=1e-6)
    assert float(alarm) == pytest.approx(1 - (1 - point.far) ** 4)
    assert "belongs to another model" in refusal
    again = Gallery.load(tmp_path / "kotlin.gallery")
    assert again.model == model
    assert again.names == [
        *gallery.names,
        "Zo\N{LATIN SMALL LETTER E WITH DIAERESIS}",
    ]
    assert again.search(a).names[0] == [
        "Zo\N{LATIN SMALL LETTER E WITH DIAERESIS}"
    ]
    assert again.search(a).scores[0, 0] == pytest.approx(1, abs=1e-6)
