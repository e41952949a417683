"""The benchmark on tiny files; its times are nobody's promise."""

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


def run(*arguments):
    return subprocess.run(
        [
            sys.executable,
            ROOT / "tools" / "benchmark_edge.py",
            "--runs=3",
            "--rounds=2",
            *arguments,
        ],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A network with a free batch, and half of it with a batch of two."""
    folder = tmp_path_factory.mktemp("files")
    for name, filters, batch in (("free", 8, None), ("two", 4, 2)):
        images = keras.Input((8, 8, 3), batch_size=batch)
        x = keras.layers.Conv2D(filters, 3)(images)
        converter = tf.lite.TFLiteConverter.from_keras_model(
            keras.Model(images, x)
        )
        (folder / f"{name}.tflite").write_bytes(converter.convert())
    return folder


@pytest.mark.slow
def test_every_case_is_measured_in_every_round(files, tmp_path):
    done = run(
        str(files / "free.tflite"),
        str(files / "two.tflite"),
        "--threads=1,2",
        "--batches=1,3",
        f"--vs={files / 'two.tflite'}",
        f"--json={tmp_path / 'edge.json'}",
        f"--plot={tmp_path / 'edge.png'}",
    )
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "edge.json").read_text())
    found = [
        (pathlib.Path(case["file"]).stem, case["threads"], case["batch"])
        for case in report["cases"]
    ]
    # The fixed batch stands once, whatever --batches says.
    assert found == [
        ("free", 1, 1),
        ("free", 1, 3),
        ("free", 2, 1),
        ("free", 2, 3),
        ("two", 1, 2),
        ("two", 2, 2),
    ]
    for case in report["cases"]:
        times = case["milliseconds"]
        assert 0 < times["median"] <= times["p95"]
        assert case["peak_mb"] > 0
        assert case["xnnpack_share"] == 1.0
        assert case["outside_xnnpack"] == {}
        # 6 * 6 outputs per filter, each of 3 * 3 * 3 inputs.
        filters = 8 if "free" in case["file"] else 4
        assert case["multiply_adds"] == 36 * filters * 27
    first = report["comparisons"][0]
    low, high = first["middle_half"]
    assert 0 < low <= first["ratio_per_multiply_add"] <= high
    assert first["multiply_adds"] == 2 * first["other_multiply_adds"]
    assert "times the other's time per multiply-add" in done.stdout
    pixels = np.array(Image.open(tmp_path / "edge.png").convert("L"))
    assert pixels.shape[1] == 1200
    assert len(np.unique(pixels)) > 10


def test_without_files_and_with_a_broken_one_it_says_so(tmp_path):
    failed = run()
    assert failed.returncode != 0
    assert "name the files to measure" in failed.stderr
    (tmp_path / "broken.tflite").write_bytes(b"no model")
    failed = run(str(tmp_path / "broken.tflite"))
    assert failed.returncode != 0
    assert "broken.tflite" in failed.stderr
