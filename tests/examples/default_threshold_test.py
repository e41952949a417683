"""No client decides by an unsteady threshold unless it is told to, or has no
other; the same cases for Python, JavaScript, Kotlin and Swift."""

import json
import pathlib
import re
import shutil
import subprocess

import pytest

from keras_sphereface.contract import (
    STEADY_PAIRS,
    Calibration,
    FaceInput,
    Manifest,
    OperatingPoint,
    default_operating_point,
)

ROOT = pathlib.Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
CORE = EXAMPLES / "android" / "core" / "src" / "main" / "kotlin"
JSON_JAR = pathlib.Path("/usr/share/java/com.android.json.jar")
CALIBRATION = Calibration(17.3, -3.5, 0.2)

# Pairs of different people by rate, and the rate that decides.
CASES = {
    "strictest of the steady": ({0.1: 1500, 0.02: 1500, 0.001: 1500}, 0.02),
    "order does not matter": ({0.001: 1500, 0.1: 1500, 0.02: 1500}, 0.02),
    "all steady": ({0.1: 10**6, 0.001: 10**6}, 0.001),
    "none steady": ({0.1: 100, 0.01: 100}, 0.1),
    "nothing known": ({0.1: None, 0.01: None}, 0.1),
    "the known one": ({0.1: None, 0.01: 3000}, 0.01),
    "one pair short": ({0.1: 3000, 0.01: 2999}, 0.1),
}
MANIFESTS = {
    name: Manifest(
        FaceInput(),
        8,
        tuple(
            OperatingPoint(far, 0.5, impostor_pairs=pairs)
            for far, pairs in points.items()
        ),
        calibration=CALIBRATION,
        package_version="0.1.0",
    )
    for name, (points, _) in CASES.items()
}
# Of each case: rate, whether it is steady, probability at score 0.25.
EXPECTED = {
    name: [
        far,
        default_operating_point(MANIFESTS[name].operating_points).is_steady,
        float(CALIBRATION.probability(0.25, prior=0.5)),
    ]
    for name, (_, far) in CASES.items()
}


def assert_expected(found):
    assert set(found) == set(EXPECTED)
    for name, (far, steady, probability) in EXPECTED.items():
        assert found[name][:2] == [far, steady], name
        assert found[name][2] == pytest.approx(probability, abs=1e-9)


@pytest.fixture(scope="module")
def manifests(tmp_path_factory):
    """The manifests as files, as an exported file has them."""
    folder = tmp_path_factory.mktemp("manifests")
    for name, manifest in MANIFESTS.items():
        (folder / f"{name}.json").write_text(manifest.to_json())
    return folder


@pytest.mark.parametrize("name", CASES)
def test_python(name):
    point = MANIFESTS[name].operating_point()
    assert point.far == CASES[name][1]
    assert point is default_operating_point(MANIFESTS[name].operating_points)


@pytest.mark.skipif(not shutil.which("node"), reason="no Node.js here")
def test_the_browser(manifests):
    program = f"""
import fs from "node:fs";
import * as points from "{(EXAMPLES / "browser/operating_points.js").as_uri()}";
const found = {{}};
for (const file of fs.readdirSync({json.dumps(str(manifests))})) {{
  const text = fs.readFileSync({json.dumps(str(manifests))} + "/" + file);
  const manifest = JSON.parse(text);
  const point = points.defaultPoint(manifest.operating_points);
  found[file.replace(".json", "")] = [
    point.far,
    points.isSteady(point),
    points.probability(0.25, manifest.calibration),
  ];
}}
if (points.defaultPoint([]) !== null) throw new Error("none is null");
if (points.probability(0.25, undefined) !== null) throw new Error("older");
console.log(JSON.stringify(found));
"""
    done = subprocess.run(
        ["node", "--input-type=module", "--no-warnings", "-e", program],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert_expected(json.loads(done.stdout))


KOTLIN_MAIN = """
import java.io.File
import sphereface.FaceManifest

fun main(arguments: Array<String>) {
    for (file in File(arguments[0]).listFiles()!!) {
        val manifest = FaceManifest(file.readText())
        val point = manifest.operatingPoint(null)
        val sure = manifest.calibration!!.probability(0.25)
        println("${file.nameWithoutExtension},${point.far},${point.isSteady},$sure")
    }
}
"""


@pytest.mark.slow
@pytest.mark.skipif(
    not shutil.which("kotlinc") or not JSON_JAR.is_file(),
    reason=f"needs kotlinc and {JSON_JAR}",
)
def test_android(manifests, tmp_path):
    (tmp_path / "Main.kt").write_text(KOTLIN_MAIN)
    jar = tmp_path / "points.jar"
    names = "FaceManifest", "OperatingPoint", "TFLiteMetadata", "Gallery"
    sources = [CORE / f"{name}.kt" for name in names]
    sources.append(tmp_path / "Main.kt")
    flags = ["-cp", JSON_JAR, "-include-runtime", "-d", jar]
    subprocess.run(
        ["kotlinc", *sources, *flags], check=True, capture_output=True
    )
    done = subprocess.run(
        ["java", "-cp", f"{jar}:{JSON_JAR}", "MainKt", manifests],
        capture_output=True,
        text=True,
        check=True,
    )
    rows = [line.split(",") for line in done.stdout.splitlines()]
    assert_expected(
        {
            name: [float(far), steady == "true", float(sure)]
            for name, far, steady, sure in rows
        }
    )


def test_ios_has_the_same_rule_word_by_word():
    """There is no Swift here to run it."""
    files = (EXAMPLES / "ios").rglob("*.swift")
    swift = "".join(path.read_text("utf-8") for path in files)
    for line in (
        f"static let steadyPairs = {STEADY_PAIRS}",
        "return Int(far * Double(impostorPairs ?? 0) * (1 + 1e-9))",
        "return impostorsAbove >= OperatingPoint.steadyPairs",
        "let points = operatingPoints.sorted { $0.far < $1.far }",
        "let usual = points.first(where: { $0.isSteady }) ?? points.last",
        "let odds = log(genuineShare / (1 - genuineShare))",
        "return 1 / (1 + exp(odds - slope * score - intercept))",
    ):
        assert line in swift
    assert swift.count("isSteady") >= 4  # the answer and its user have it too


def test_every_client_has_the_same_number():
    texts = {
        path: path.read_text("utf-8")
        for path in EXAMPLES.rglob("*")
        if path.suffix in (".js", ".kt", ".swift", ".py")
        and "node_modules" not in path.parts
    }
    numbers = re.findall(
        r"(?:STEADY_PAIRS|steadyPairs) = (\d+)", "".join(texts.values())
    )
    assert set(map(int, numbers)) == {STEADY_PAIRS}
    assert len(numbers) == 3  # the page, Kotlin and Swift


def test_nobody_else_chooses_a_threshold_by_its_rate_alone():
    for folder in ("examples", "tools", "keras_sphereface/edge"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix not in (
                ".py",
                ".js",
                ".kt",
                ".swift",
            ) or "node_modules" in str(path):
                continue
            code = path.read_text("utf-8")
            assert not re.search(r"min\([^)]*\bfar\b", code), path.name
            assert "operatingPoints[0]" not in code, path.name
            assert "operatingPoints.first()" not in code, path.name
            assert "operating_points[0]" not in code, path.name
