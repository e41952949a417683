"""The command lines, one after the other, as a user types them."""

import json
import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

ROOT = pathlib.Path(__file__).parents[2]
REPORT = {
    "accuracy": 0.9,
    "operating_points": [
        {"far": 0.1, "threshold": 0.3, "impostor_pairs": 3000},
        {
            "far": 0.01,
            "threshold": 0.6,
            "data": "unseen faces",
            "impostor_pairs": 3000,
        },
    ],
}


def run(tool, *arguments):
    return subprocess.run(
        [sys.executable, ROOT / "tools" / f"{tool}.py", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A trained embedder, its report, and faces."""
    folder = tmp_path_factory.mktemp("run")
    keras.utils.set_random_seed(0)
    images = keras.Input((32, 32, 3))
    x = keras.layers.Rescaling(1 / 127.5, offset=-1.0)(images)
    x = keras.layers.Conv2D(8, 3, 4)(x)
    embeddings = keras.layers.Dense(6)(keras.layers.Flatten()(x))
    keras.Model(images, embeddings).save(folder / "embedder.keras")
    (folder / "report.json").write_text(json.dumps(REPORT))
    (folder / "faces").mkdir()
    generator = np.random.default_rng(0)
    for name in ("a.png", "b.png", "c.png"):
        face = generator.integers(0, 256, (32, 32, 3), np.uint8)
        Image.fromarray(face).save(folder / "faces" / name)
    return folder


def cosine_of_keras(folder, a, b):
    embedder = keras.saving.load_model(folder / "embedder.keras")
    images = [np.array(Image.open(folder / "faces" / name)) for name in (a, b)]
    a, b = np.asarray(embedder(np.stack(images)), np.float64)
    return sum(a * b) / np.sqrt(sum(a * a) * sum(b * b))


def test_a_tflite_file_is_exported_and_verifies_a_pair(folder):
    exported = run(
        "export_tflite",
        f"--model={folder / 'embedder.keras'}",
        f"--output={folder / 'face.tflite'}",
        f"--report={folder / 'report.json'}",
        "--quantization=int8",
        f"--calibration={folder / 'faces'}",
    )
    assert exported.returncode == 0, exported.stderr
    assert "int8, calibrated on 3 images" in exported.stderr
    card = json.loads((folder / "face.tflite.parity.json").read_text())
    assert card["images"] == 3
    page = (folder / "face.tflite.parity.md").read_text()
    assert "| compared on | 3 images of the calibration |" in page

    pair = [f"--model={folder / 'face.tflite'}"]
    pair += [f"--image_{x}={folder / 'faces' / x}.png" for x in "ab"]
    verified = run("verify_edge", *pair)
    assert verified.returncode == 0, verified.stderr
    assert "the threshold 0.6000, FAR 0.01 on unseen faces" in verified.stderr
    score = float(verified.stderr.split("score ")[1].split()[0])
    # Int8 changes a score of this network by about 0.01.
    assert score == pytest.approx(
        cosine_of_keras(folder, "a.png", "b.png"), abs=0.03
    )
    loose = run("verify_edge", *pair, "--far=0.1")
    assert "the threshold 0.3000, FAR 0.1; mind image_a: it is" in loose.stderr


@pytest.mark.slow
def test_a_saved_model_is_exported(folder):
    exported = run(
        "export_savedmodel",
        f"--model={folder / 'embedder.keras'}",
        f"--output={folder / 'face_model'}",
        f"--report={folder / 'report.json'}",
    )
    assert exported.returncode == 0, exported.stderr
    assert "cosine scores within" in exported.stderr
    embed = tf.saved_model.load(folder / "face_model").signatures["embed"]
    assert embed(images=tf.ones((1, 32, 32, 3)))["embeddings"].shape == (1, 6)
    manifest = json.loads((folder / "face_model/manifest.json").read_text())
    assert [point["far"] for point in manifest["operating_points"]] == [
        0.1,
        0.01,
    ]


@pytest.mark.slow
def test_a_version_of_a_saved_model_is_exported_once(folder):
    flags = [
        f"--model={folder / 'embedder.keras'}",
        f"--output={folder / 'served'}",
        "--version=2",
    ]
    exported = run("export_savedmodel", *flags)
    assert exported.returncode == 0, exported.stderr
    assert (folder / "served" / "2" / "manifest.json").is_file()
    assert (folder / "served" / "2.parity.json").is_file()
    again = run("export_savedmodel", *flags)
    assert again.returncode != 0
    assert "`version` must be new" in again.stderr


@pytest.mark.slow
def test_an_onnx_file_is_exported_and_compared_on_faces(folder):
    exported = run(
        "export_onnx",
        f"--model={folder / 'embedder.keras'}",
        f"--output={folder / 'face.onnx'}",
        f"--report={folder / 'report.json'}",
        f"--faces={folder / 'faces'}",
        "--opset=15",
    )
    assert exported.returncode == 0, exported.stderr
    card = json.loads((folder / "face.onnx.parity.json").read_text())
    assert card["images_from"] == "faces"
    assert card["score_error"] < 1e-5
    pair = [f"--image_{x}={folder / 'faces' / 'a.png'}" for x in "ab"]
    verified = run("verify_edge", f"--model={folder / 'face.onnx'}", *pair)
    assert "same person: score 1.0000" in verified.stderr


@pytest.mark.slow
def test_a_folder_of_pairs_needs_the_pairs(folder):
    failed = run(
        "export_onnx",
        f"--model={folder / 'embedder.keras'}",
        f"--output={folder / 'other.onnx'}",
        "--pairs_root=lfw",
    )
    assert failed.returncode != 0
    assert "--pairs_root needs --pairs" in failed.stderr


def test_a_file_that_is_no_model_is_named(folder):
    path = folder / "one.tflite"
    path.write_bytes(b"no model")
    failed = run("verify_edge", f"--model={path}", "--image_a=a", "--image_b=b")
    assert failed.returncode != 0
    assert "must be a TFLite file" in failed.stderr


@pytest.mark.parametrize(
    "tool",
    ["export_tflite", "export_onnx", "export_savedmodel", "verify_edge"],
)
def test_a_missing_flag_is_named_and_help_shows_the_command(tool):
    failed = run(tool)
    assert failed.returncode != 0
    assert "--model must have a value" in failed.stderr
    assert f"python tools/{tool}.py --model" in run(tool, "--help").stdout
