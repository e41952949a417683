"""Thresholds of a customer's own pairs, where TensorFlow cannot be loaded."""

import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
from PIL import Image

from keras_sphereface.contract import OperatingPoint
from keras_sphereface.edge import FaceVerifier, Gallery, seal_with_key
from keras_sphereface.evaluation import PairSet, score_pairs
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
    tool = ROOT / "tools" / "set_threshold.py"
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, tool, *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Twenty people on two images each: all pairs, of four folds."""
    folder = tmp_path_factory.mktemp("run")
    generator = np.random.default_rng(0)
    lines = ["image_a,image_b,is_same,fold"]
    for person in range(40):
        face = generator.integers(60, 196, (8, 8, 3))
        for number in range(2):
            noisy = face + generator.integers(-60, 60, face.shape)
            path = folder / f"{person}_{number}.png"
            Image.fromarray(noisy.astype(np.uint8)).save(path)
        lines.append(f"{person}_0.png,{person}_1.png,1,{person % 4}")
        for other in range(person % 4, person, 4):
            lines.append(f"{person}_0.png,{other}_1.png,0,{person % 4}")
            lines.append(f"{person}_1.png,{other}_0.png,0,{person % 4}")
    (folder / "mine.csv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture
def model(tmp_path):
    keras.utils.set_random_seed(0)
    images = keras.Input((8, 8, 3))
    x = keras.layers.Rescaling(1 / 127.5, offset=-1.0)(images)
    embeddings = keras.layers.Dense(6)(keras.layers.Flatten()(x))
    path = tmp_path / "face.tflite"
    point = OperatingPoint(far=0.1, threshold=0.5, data="elsewhere")
    export_litert(
        keras.Model(images, embeddings), path, operating_points=(point,)
    )
    return path


def test_thresholds_are_those_of_the_pairs_and_galleries_stay(folder, model):
    before = FaceVerifier(model)
    gallery = Gallery(before.model)
    before.enrol(gallery, "Ann", [folder / "0_0.png"], check_quality=False)
    done = run(
        f"--model={model}",
        f"--pairs={folder / 'mine.csv'}",
        f"--pairs_root={folder}",
        "--fars=0.2,0.01",
    )
    assert done.returncode == 0, done.stderr
    assert "UNSTEADY" in done.stderr
    after = FaceVerifier(model)
    points = {point.far: point for point in after.manifest.operating_points}
    # 360 pairs of two people: 0.1 is the strictest steady rate.
    assert sorted(points) == [0.01, 0.1, 0.2]
    assert after.operating_point.far == 0.1
    pairs = PairSet.from_file(folder / "mine.csv", folder)
    impostor = score_pairs(after.embed, pairs)[~pairs.is_same]
    assert np.mean(impostor >= points[0.1].threshold) == pytest.approx(0.1)
    assert {point.data for point in points.values()} == {"mine.csv"}
    assert "on mine.csv, steady, the default" in done.stderr
    verification = after.verify(folder / "1_0.png", folder / "1_1.png")
    assert verification.probability is not None
    assert after.identify(folder / "0_1.png", gallery).candidates
    assert "the default" in run(f"--model={model}").stderr


def test_a_file_sealed_with_a_key_stays_sealed_with_it(folder, model, tmp_path):
    key = b"0123456789abcdef"
    (tmp_path / "key").write_bytes(key)
    seal_with_key(model, key)
    flags = [
        f"--model={model}",
        f"--pairs={folder / 'mine.csv'}",
        f"--pairs_root={folder}",
        "--name=the door",
    ]
    assert "sealed with another key" in run(*flags).stderr
    done = run(*flags, f"--key_file={tmp_path / 'key'}")
    assert done.returncode == 0, done.stderr
    point = FaceVerifier(model, key=key).operating_point
    assert point.data == "the door"
