"""Pairs through the tool of the device, where TensorFlow cannot be loaded."""

import json
import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
from PIL import Image

from keras_sphereface.contract import OperatingPoint
from keras_sphereface.export import export_litert

ROOT = pathlib.Path(__file__).parents[2]
PROGRAM = """
import runpy, sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name in ("tensorflow", "keras", "jax", "torch"):
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, Blocker())
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def run(*arguments):
    return subprocess.run(
        [
            sys.executable,
            "-c",
            PROGRAM,
            ROOT / "tools" / "verify_edge.py",
            *arguments,
        ],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A linear embedder in a file, and two folds of two pairs each kind."""
    folder = tmp_path_factory.mktemp("run")
    keras.utils.set_random_seed(0)
    images = keras.Input((8, 8, 3))
    x = keras.layers.Rescaling(1 / 127.5, offset=-1.0)(images)
    embeddings = keras.layers.Dense(6)(keras.layers.Flatten()(x))
    export_litert(
        keras.Model(images, embeddings),
        folder / "face.tflite",
        operating_points=(OperatingPoint(far=0.1, threshold=0.5),),
    )
    generator = np.random.default_rng(0)
    lines = []
    for fold in range(2):
        a, b = f"a{fold}", f"b{fold}"
        for person in (a, b):
            face = generator.integers(20, 236, (8, 8, 3))
            (folder / "faces" / person).mkdir(parents=True)
            for number in (1, 2):
                noisy = face + generator.integers(-20, 20, face.shape)
                Image.fromarray(noisy.astype(np.uint8)).save(
                    folder / "faces" / person / f"{person}_000{number}.png"
                )
        # As InsightFace lists them, with the fold.
        lines += [
            f"{x}/{x}_000{i}.png {y}/{y}_000{j}.png {int(x == y)} {fold}"
            for x, i, y, j in (
                *((a, 1, a, 2), (b, 1, b, 2)),
                *((a, 1, b, 1), (a, 2, b, 2)),
            )
        ]
    (folder / "pairs.txt").write_text("\n".join(lines) + "\n")
    return folder


def test_pairs_are_decided_and_timed_without_tensorflow(folder):
    done = run(
        f"--model={folder / 'face.tflite'}",
        f"--pairs={folder / 'pairs.txt'}",
        f"--pairs_root={folder / 'faces'}",
        f"--json={folder / 'verified.json'}",
        "--threads=1",
        "--threshold=0.7",
    )
    assert done.returncode == 0, done.stderr
    assert "at the threshold 0.7000: 100.00% of the decisions" in done.stdout
    written = json.loads((folder / "verified.json").read_text())
    assert written["images"] == 8
    assert written["decisions"] == {
        "threshold": 0.7,
        "accuracy": 1.0,
        "tar": 1.0,
        "far": 0.0,
    }
    assert written["report"]["accuracy"] == 1.0
    latency = written["milliseconds"]
    assert 0 < latency["p50"] <= latency["p90"] <= latency["p99"]
    assert f"milliseconds per face: p50 {latency['p50']:.2f}" in done.stdout


def test_neither_or_both_forms_are_refused(folder):
    model = f"--model={folder / 'face.tflite'}"
    for arguments in ([], ["--pairs=p"], ["--image_a=a", "--pairs_root=r"]):
        failed = run(model, *arguments)
        assert failed.returncode != 0
        assert "give --image_a and --image_b, or --pairs" in failed.stderr
