"""Photographs that are made, and the numbers that are taken from them."""

import math
import os
import pathlib
import re
import subprocess
import sys

import keras
import numpy as np
import pytest
import tiny_detectors
from PIL import Image

from keras_sphereface.contract import FIVE_POINT_TEMPLATE
from keras_sphereface.edge import DetectedFace
from keras_sphereface.export import export_litert

ROOT = pathlib.Path(__file__).parents[2]


@pytest.fixture(scope="module", autouse=True)
def _tools():
    sys.path.insert(0, str(ROOT / "tools"))
    yield
    sys.path.remove(str(ROOT / "tools"))


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    """Crops with a bright spot where the middle of a face is."""
    folder = tmp_path_factory.mktemp("faces")
    middle = FIVE_POINT_TEMPLATE.mean(0)
    crop = tiny_detectors.spots((112, 112), [middle], sigma=14)
    for name in ("a", "b", "c", "d"):
        Image.fromarray(crop).save(folder / f"{name}.jpg", quality=95)
    return folder


@pytest.mark.parametrize("count", [1, 2])
def test_faces_lie_where_they_are_said_to(faces, count):
    from made_photographs import make_photograph

    paths = [str(faces / "a.jpg"), str(faces / "b.jpg")][:count]
    for seed in range(5):
        rng = np.random.default_rng(seed)
        made = make_photograph(rng, paths, size=(240, 320))
        assert made.image.shape == (240, 320, 3)
        assert [placed.path for placed in made.faces] == paths
        placed = made.faces[0]
        x, y = placed.to_photograph(FIVE_POINT_TEMPLATE.mean(0)).round()
        assert (made.image[int(y), int(x)] > 240).all()
        turned = math.degrees(math.atan2(placed.turn[1, 0], placed.turn[0, 0]))
        assert abs(turned) <= 30
        points = placed.to_photograph(FIVE_POINT_TEMPLATE)
        np.testing.assert_allclose(
            placed.to_crop(points), FIVE_POINT_TEMPLATE, atol=1e-9
        )


def test_the_error_of_the_eyes_worked_by_hand():
    from benchmark_detector import eye_error

    template = FIVE_POINT_TEMPLATE.astype(np.float64)
    assert eye_error(template, template) == pytest.approx(0, abs=1e-6)
    # All points 3 to the right and 4 down: the crop is cut 5 pixels aside.
    moved = template + np.array([3, 4])
    assert eye_error(moved, template) == pytest.approx(5, abs=1e-6)
    assert eye_error(moved + 7, template + 7) == pytest.approx(5, abs=1e-4)


def test_the_mean_of_four_looks_is_in_the_pixels_of_the_crop():
    from benchmark_detector import reference_points

    crop = np.zeros((112, 112, 3), np.uint8)

    def detect(image):
        side = image.shape[0]
        # Whatever the enlargement, the crop is five sevenths of the image.
        scale = {168: 1.5, 246: 2.2}
        large = min(scale, key=lambda size: abs(side - size * 1.4))
        border = large // 5
        points = (FIVE_POINT_TEMPLATE + 0.5) * large / 112 - 0.5 + border
        return [DetectedFace(np.array([0, 0, 9, 9.0]), points, 0.9)]

    mirrored = (FIVE_POINT_TEMPLATE * [-1, 1] + [111, 0])[[1, 0, 2, 4, 3]]
    found = reference_points(crop, detect)
    expected = (FIVE_POINT_TEMPLATE + mirrored) / 2
    np.testing.assert_allclose(found, expected, atol=1e-3)
    assert reference_points(crop, lambda image: []) is None


def test_detectors_are_measured_and_verification_is_timed(faces, tmp_path):
    (tmp_path / "short.tflite").write_bytes(tiny_detectors.blazeface(128))
    images = keras.Input((112, 112, 3))
    pooled = keras.layers.AveragePooling2D(28)(images)
    outputs = keras.layers.Dense(6)(keras.layers.Flatten()(pooled))
    export_litert(keras.Model(images, outputs), tmp_path / "face.tflite")
    done = subprocess.run(
        [
            sys.executable,
            ROOT / "tools" / "benchmark_detector.py",
            f"--faces={faces}",
            f"--detector={tmp_path / 'short.tflite'}",
            f"--recognizer={tmp_path / 'face.tflite'}",
            "--count=4",
            "--sizes=320x240",
            "--runs=2",
        ],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    rows = [
        line.partition("] ")[2]
        for line in done.stderr.splitlines()
        if "] | " in line
    ]
    assert len(rows) == 6
    assert re.fullmatch(
        r"\| short\.tflite \| [\d.]+ % \| - \| [\d.]+ % \| [\d.]+ % \| "
        r"[\d.]+ \| [\d.]+ \|",
        rows[2],
    )
    assert re.fullmatch(
        r"\| short\.tflite \| 320x240 \| [\d.]+ \([\d.]+ to [\d.]+\) \| "
        r"[\d.]+ \| \d+ \|",
        rows[5],
    )
