"""The benchmark of heads on a few classes; its times are nobody's promise."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
VARIANTS = ["cosine_loss_v2", "chunked_v1"]


def run(*arguments):
    return subprocess.run(
        [
            sys.executable,
            ROOT / "tools" / "benchmark_head.py",
            "--batch_size=8",
            "--num_classes=50",
            "--embedding_dim=4",
            "--class_chunk=16",
            *arguments,
        ],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


@pytest.mark.slow
@pytest.mark.release
def test_times_and_weighs_every_variant_asked_for(tmp_path):
    done = run(
        "--rounds=2",
        *(f"--variant={name}" for name in VARIANTS),
        f"--json={tmp_path / 'head.json'}",
        f"--plot={tmp_path / 'head.png'}",
    )
    assert done.returncode == 0, done.stderr
    assert all(name in done.stdout for name in VARIANTS)
    content = (tmp_path / "head.json").read_text()
    json.loads(content)
    assert all(name in content for name in VARIANTS)
    assert (tmp_path / "head.png").stat().st_size > 1000


@pytest.mark.slow
def test_the_loss_of_a_chunked_head_falls():
    done = run("--train=12")
    assert done.returncode == 0, done.stderr
    losses = [
        float(line.split("loss")[1].split()[0].strip(",:"))
        for line in done.stdout.splitlines()
        if "loss" in line and line.strip()[0].isalnum()
    ]
    assert len(losses) >= 2, done.stdout
    assert losses[-1] < losses[0]
