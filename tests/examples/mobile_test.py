"""The snippets for phones against an exported file."""

import json
import pathlib
import re
import shutil
import subprocess
import types

import keras
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from ai_edge_litert.tools import flatbuffer_utils

from keras_sphereface.contract import (
    FORMAT_VERSION,
    MANIFEST_NAME,
    FaceInput,
    OperatingPoint,
    align_face,
    flip_fusion,
    template_for,
)
from keras_sphereface.data import SyntheticFaces
from keras_sphereface.export import export_litert

ROOT = pathlib.Path(__file__).parents[2]
README = (ROOT / "examples" / "mobile" / "README.md").read_text("utf-8")
STAND_INS = pathlib.Path(__file__).with_name("mobile")
JSON_JAR = pathlib.Path("/usr/share/java/com.android.json.jar")
POINTS = (
    OperatingPoint(far=0.1, threshold=-0.9, flip=True),
    OperatingPoint(far=0.01, threshold=0.95, impostor_pairs=3000),
)


def snippets(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


KOTLIN, SWIFT = ("".join(snippets(name)) for name in ("kotlin", "swift"))
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
def test_the_code_names_the_signatures_and_tensors(code):
    table = table_of_signatures()
    names = re.findall(r'"((?:images|embeddings|scores)\w*)"', code)
    tensors = {
        tensor
        for signature in table.values()
        for tensor in signature["inputs"] + signature["outputs"]
    }
    assert set(names) == tensors
    found = re.findall(r'(?:EMBED|VERIFY|embed\w*|verify\w*) = "(\w+)"', code)
    assert found == list(table)


@both
def test_the_manifest_is_where_the_code_looks(exported, code):
    (name,) = re.findall(r'(?:METADATA_NAME|metadataName) = "(.+)"', code)
    assert name == MANIFEST_NAME
    assert f"`{name}`" in README
    (version,) = re.findall(r"(?:FORMAT_VERSION|supportedFormat) = (\d+)", code)
    assert int(version) == exported.manifest["format_version"] == FORMAT_VERSION


def test_the_kotlin_reads_keys_that_the_manifest_has(exported):
    keys = re.findall(r'(json|input)\.(get|opt)\w+\("(\w+)"', KOTLIN)
    assert len(keys) == 21
    point = exported.manifest["operating_points"][0]
    for where, how, key in keys:
        if where == "input":
            assert key in exported.manifest["input"] or how == "opt"
        else:
            calibration = {"slope", "intercept", "genuine_share"}
            assert key in {*exported.manifest, *point, *calibration}


def test_the_swift_reads_keys_that_the_manifest_has(exported):
    structs = {
        "OperatingPoint": exported.manifest["operating_points"][0],
        "FaceManifest": exported.manifest,
        "Input": exported.manifest["input"],
    }
    for name, content in structs.items():
        body = re.search(
            rf"^( *)struct {name}: Decodable {{\n(.*?)^\1}}",
            SWIFT,
            re.DOTALL | re.MULTILINE,
        )
        indent = body[1] + "  let "
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
    assert not re.search(rf"\b({face_input.height}|127)\b", code)


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
    assert len(snippets("swift")) == 4
    for code in snippets("swift"):
        assert not parser.parse(code.encode()).root_node.has_error, code[:60]


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """The Kotlin of the README, compiled against stand-ins for LiteRT."""
    missing = [tool for tool in ("kotlinc", "javac") if not shutil.which(tool)]
    if missing or not JSON_JAR.is_file():
        pytest.skip(f"needs kotlinc, javac and {JSON_JAR}; no {missing}")
    folder = tmp_path_factory.mktemp("kotlin")
    sources = [str(STAND_INS / "Main.kt")]
    for code in snippets("kotlin"):
        if name := re.match(r"// (\w+\.kt)\n", code):
            (folder / name[1]).write_text(code)
            sources.append(str(folder / name[1]))
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


def call(number, signature, **tensors):
    return {f"call.{number}.{signature}.{k}": v for k, v in tensors.items()}


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "uint8"])
@pytest.mark.parametrize("point", POINTS, ids=["flip", "verify"])
def test_the_kotlin_verifies_like_python(
    program, exported, tmp_path, dtype, point
):
    generator = np.random.default_rng(3)
    picture = generator.integers(0, 256, (90, 170, 3), np.uint8)
    landmarks = template_for(112, 112) @ [[0.8, 0.3], [-0.3, 0.8]] + [20, -9]
    landmarks += generator.normal(0, 2, (5, 2))
    face = SyntheticFaces(1, 1).draw(0, 0)
    crop = align_face(picture, landmarks, (112, 112))

    def embed(images):
        images = np.asarray(images, np.float32)
        return np.concatenate(
            [
                exported.embed(images=image[None])["embeddings"]
                for image in images
            ]
        )

    if point.flip:
        a, b = flip_fusion(embed, [crop, face])
        calls, answers = {}, {}
        order = [crop, crop[:, ::-1], face, face[:, ::-1]]
        for number, image in enumerate(order):
            calls |= call(number, "embed", images=image)
            answers |= call(number, "embed", embeddings=embed([image])[0])
    else:
        a, b = embed([crop, face])
        calls = call(0, "verify", images_a=crop, images_b=face)
        answers = call(0, "verify", scores=np.float32([a @ b]))
    for name, values in answers.items():
        (tmp_path / name).write_bytes(values.astype("<f4").tobytes())
    (tmp_path / "signatures").write_text("embed verify")
    (tmp_path / "input.embed.images").write_text(f"{dtype.upper()} 1 112 112 3")
    (tmp_path / "picture").write_bytes(picture.tobytes())
    (tmp_path / "face").write_bytes(face.tobytes())
    (tmp_path / "landmarks").write_text(
        " ".join(map(str, [170, 90, *landmarks.ravel()]))
    )
    content, _ = with_manifest(
        exported.content, lambda manifest: manifest["input"].update(dtype=dtype)
    )
    path = tmp_path / "face.tflite"
    path.write_bytes(content)

    finished = subprocess.run(
        ["java", f"-Dfolder={tmp_path}", "-cp", program, "MainKt", path]
        + ([str(point.far)] if point.flip else []),
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, finished.stderr
    assert_alike((tmp_path / "crop").read_bytes(), np.uint8, crop)
    for name, image in calls.items():
        assert_alike((tmp_path / name).read_bytes(), dtype, image)
    score, threshold, far, same = finished.stdout.split()
    assert float(score) == pytest.approx(float(a @ b), abs=1e-6)
    assert (float(threshold), float(far)) == (point.threshold, point.far)
    assert same == str(float(a @ b) >= point.threshold).lower()
