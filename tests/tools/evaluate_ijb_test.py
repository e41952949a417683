"""tools/evaluate_ijb.py as a user types it, with a network of others."""

import json
import os
import pathlib
import subprocess
import sys

import ijb_files
import ijb_oracles
import numpy as np
import onnx
import pytest

from keras_sphereface.contract import align_face, read_image

ROOT = pathlib.Path(__file__).parents[2]
pytest.importorskip("onnxruntime")


def write_network(path):
    """Means of 8x8 pixels of scaled BGR, channels first, 112x96."""
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    nodes = [
        helper.make_node(
            "AveragePool", ["x"], ["p"], kernel_shape=[8, 8], strides=[8, 8]
        ),
        helper.make_node("Flatten", ["p"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "pixels",
        [helper.make_tensor_value_info("x", kind, ["N", 3, 112, 96])],
        [helper.make_tensor_value_info("y", kind, ["N", 3 * 14 * 12])],
    )
    opset = helper.make_opsetid("", 13)
    onnx.save(
        helper.make_model(graph, opset_imports=[opset], ir_version=8), str(path)
    )


def embed(face):
    pixels = (face[..., ::-1].astype("float64") - 127.5) / 128
    means = pixels.reshape(14, 8, 12, 8, 3).mean((1, 3))
    return means.transpose(2, 0, 1).ravel()


@pytest.mark.slow
def test_loose_crops_become_tables(tmp_path):
    written = ijb_files.write_ijb(tmp_path / "IJBC", num_people=6)
    write_network(tmp_path / "peer.onnx")
    result = subprocess.run(
        [
            sys.executable,
            ROOT / "tools" / "evaluate_ijb.py",
            f"--model={tmp_path / 'peer.onnx'}",
            f"--data_dir={tmp_path / 'IJBC'}",
            f"--workdir={tmp_path / 'out'}",
            "--color_order=BGR",
            "--pixel_mean=127.5",
            "--pixel_scale=128",
            "--resamples=20",
            "--fars=0.1,1e-6",
        ],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert result.returncode == 0, result.stderr
    rows = []
    for name, points in zip(
        written["images"], written["landmarks"], strict=True
    ):
        crop = read_image(tmp_path / "IJBC/loose_crop" / name)
        face = align_face(crop, points, (112, 96))
        rows.append(embed(face) + embed(face[:, ::-1]))
    found = np.load(tmp_path / "out/embeddings.npy")
    np.testing.assert_allclose(found, rows, atol=1e-4)
    pooled = ijb_oracles.pool(
        found,
        written["templates"],
        written["media"],
        written["scores"],
        by_norm=True,
    )
    people = written["people"]
    gallery, probes = range(1, 7), written["probes"]
    scores = [sum(pooled[a] * pooled[b]) for a in gallery for b in probes]
    is_same = [people[a] == people[b] for a in gallery for b in probes]
    content = json.loads((tmp_path / "out/report.json").read_bytes())
    theirs = content["insightface"]["tar_at_far"]
    for far, tar in theirs.items():
        expected = ijb_oracles.nearest_far_tar(scores, is_same, float(far))
        assert tar == pytest.approx(expected, abs=1e-7)
    assert list(content["identification"]) == ["G1", "G2", "all galleries"]
    assert content["verification"]["num_people"] == 6
    assert content["notes"] == [
        "peer.onnx takes 112x96, NCHW (by its shape), BGR (stated), (pixel - "
        "127.5) / 128 (stated)."
    ]
    assert "IJBC (" in result.stdout
    assert "by InsightFace's rules" in result.stdout
    assert (tmp_path / "out/report.html").is_file()
