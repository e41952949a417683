"""tools/evaluate.py as a user types it."""

import json
import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import onnx
import pytest
from PIL import Image

from keras_sphereface.export import read_operating_points

ROOT = pathlib.Path(__file__).parents[2]


def evaluate(*arguments):
    return subprocess.run(
        [sys.executable, ROOT / "tools" / "evaluate.py", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two embedders, and faces of 20 people in LFW's format."""
    folder = tmp_path_factory.mktemp("evaluation")
    rng = np.random.default_rng(0)
    lines = ["4\t20"]
    for person in range(20):
        name = f"p{person}"
        (folder / "faces" / name).mkdir(parents=True)
        looks = rng.uniform(0, 255, (16, 16, 3))
        for number in range(1, 6):
            face = np.clip(looks + rng.normal(0, 90, looks.shape), 0, 255)
            Image.fromarray(face.astype("uint8")).save(
                folder / "faces" / name / f"{name}_{number:04d}.png"
            )
    for fold in range(4):
        people = [f"p{5 * fold + i}" for i in range(5)]
        lines += [f"{p}\t{i}\t{i + 1}" for p in people for i in range(1, 5)]
        lines += [
            f"{people[i % 5]}\t{1 + i // 5}\t{people[(i + 1) % 5]}\t1"
            for i in range(20)
        ]
    (folder / "pairs.txt").write_text("\n".join(lines))
    (folder / "sex.csv").write_text(
        "person,sex\n" + "".join(f"p{i},{'fm'[i % 2]}\n" for i in range(20))
    )
    keras.utils.set_random_seed(0)
    for name, size in (("good", 64), ("bad", 1)):
        images = keras.Input((16, 16, 3))
        x = keras.layers.Rescaling(1 / 127.5, offset=-1.0)(images)
        x = keras.layers.Dense(size)(keras.layers.Flatten()(x))
        keras.Model(images, x).save(folder / f"{name}.keras")
    return folder


def inputs(folder):
    return [
        f"--pairs={folder / 'pairs.txt'}",
        f"--pairs_root={folder / 'faces'}",
    ]


def test_one_model_is_measured(folder):
    result = evaluate(
        f"--model={folder / 'good.keras'}",
        *inputs(folder),
        f"--workdir={folder / 'out'}",
        f"--attributes={folder / 'sex.csv'}",
        "--fars=0.5,1e-6",
        "--resamples=50",
        "--flip",
    )
    assert result.returncode == 0, result.stderr
    assert "pairs.txt (160 pairs, 20 people)" in result.stdout
    assert "FAR=1e-6 was not measured" in result.stdout
    assert "by sex" in result.stdout
    content = json.loads((folder / "out/report.json").read_bytes())
    assert content["accuracy"] > 0.8
    (point,) = read_operating_points(folder / "out/report.json")
    assert (point.far, point.flip) == (0.5, True)
    assert point.tar_interval[0] <= point.tar <= point.tar_interval[1]
    assert "good.keras" in (folder / "out/report.html").read_text("utf-8")


def write_peer(path):
    """A graph of others: some of 16x12 scaled pixels, channels first."""
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        [
            helper.make_node("AveragePool", ["x"], ["p"], kernel_shape=[4, 4]),
            helper.make_node("Flatten", ["p"], ["y"]),
        ],
        "peer",
        [helper.make_tensor_value_info("x", kind, ["N", 3, 16, 12])],
        [helper.make_tensor_value_info("y", kind, ["N", None])],
    )
    opset = helper.make_opsetid("", 13)
    onnx.save(
        helper.make_model(graph, opset_imports=[opset], ir_version=8), str(path)
    )


@pytest.mark.slow
def test_models_are_put_side_by_side_with_those_of_others(folder):
    write_peer(folder / "peer.onnx")
    result = evaluate(
        "--compare",
        str(folder / "bad.keras"),
        str(folder / "good.keras"),
        str(folder / "peer.onnx"),
        "--color_order=BGR",
        "--pixel_mean=127.5",
        "--pixel_scale=128,128,128",
        *inputs(folder),
        f"--workdir={folder / 'both'}",
        "--resamples=50",
    )
    assert result.returncode == 0, result.stderr
    assert "good.keras minus bad.keras" in result.stdout
    assert "better" in result.stdout
    content = json.loads((folder / "both/report.json").read_bytes())
    assert list(content["models"]) == ["bad.keras", "good.keras", "peer.onnx"]
    peer = content["models"]["peer.onnx"]
    assert peer["accuracy"] > 0.7
    assert peer["notes"][0] == (
        "peer.onnx takes 16x12, NCHW (by its shape), BGR (stated), (pixel - "
        "127.5) / [128, 128, 128] (stated)."
    )
    assert "Crops of 16x16 were cut" in peer["notes"][1]
    assert "peer.onnx takes" not in str(content["models"]["good.keras"])


def test_wrong_usage_and_unknown_people_are_named(folder):
    result = evaluate("--compare", "a.keras", *inputs(folder))
    assert "two models or more" in result.stdout + result.stderr
    (folder / "wrong.txt").write_text("1\t1\nZoe\t1\t2\np1\t1\tp2\t1\n")
    result = evaluate(
        f"--model={folder / 'good.keras'}",
        f"--pairs={folder / 'wrong.txt'}",
        f"--pairs_root={folder / 'faces'}",
    )
    assert result.returncode != 0
    assert "wrong.txt, line 2: no image" in result.stderr
    assert "Zoe_0001" in result.stderr
