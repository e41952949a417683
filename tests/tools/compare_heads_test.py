"""tools/compare_heads.py as a user types it, on a few drawn faces."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

ROOT = pathlib.Path(__file__).parents[2]
STUDY = """
from keras_sphereface.training import *

def get_config():
    return editable(HeadStudy(
        heads=(
            {"name": "normface"},
            {"name": "my_heads:SlopeHead", "slope": 2.0},
        ),
        seeds=(0, 1),
        baseline="normface",
        data=DataConfig(
            image_size=(32, 32),
            synthetic_identities=6,
            synthetic_images=6,
            synthetic_unseen=20,
            synthetic_pairs=10,
        ),
        embedder=EmbedderConfig("sfnet4", embedding_dim=16),
        batch_size=12,
        epochs=9,
    ))
"""
HEADS = """
import keras
import keras_sphereface as ks

@keras.saving.register_keras_serializable("my_heads")
class SlopeHead(ks.heads.MarginHead):
    slope = ks.heads.Hyperparameter(above=0.0)

    def __init__(self, num_classes, slope=1.0, **kwargs):
        super().__init__(num_classes, **kwargs)
        self.slope = slope

    def class_margin(self, norms, training):
        return ks.ops.Margin(lambda cosine: cosine - 0.1 * self.slope)

    def logit_scale(self, norms):
        return 16.0
"""


def start(folder, *arguments):
    return subprocess.Popen(
        [
            sys.executable,
            ROOT / "tools" / "compare_heads.py",
            f"--config={folder / 'study.py'}",
            f"--workdir={folder / 'out'}",
            "--config.epochs=1",
            *arguments,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(folder)]),
        },
    )


def finish(process):
    said, _ = process.communicate(timeout=400)
    assert process.returncode == 0, said[-3000:]
    return said


@pytest.mark.slow
def test_a_killed_study_goes_on_and_reports(tmp_path):
    (tmp_path / "study.py").write_text(STUDY)
    (tmp_path / "my_heads.py").write_text(HEADS)
    runs = tmp_path / "out" / "runs"
    killed = start(tmp_path)
    deadline = time.monotonic() + 200
    while not list(runs.glob("*.json")) and time.monotonic() < deadline:
        time.sleep(0.1)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    before = {path: path.read_bytes() for path in runs.glob("*.json")}
    assert 1 <= len(before) < 4

    said = finish(start(tmp_path, "--processes=2"))
    assert len(list(runs.glob("*.json"))) == 4
    assert all(path.read_bytes() == text for path, text in before.items())
    assert said.count("learning rate 0.1, seed") == 4 - len(before)
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["num_missing"] == 0
    assert report["study"]["epochs"] == 1
    labels = [arm["label"] for arm in report["arms"]]
    assert labels == ["normface", "my_heads:SlopeHead slope=2"]
    for arm in report["arms"]:
        assert arm["seeds"] == [0, 1]
        assert all(0 < accuracy < 1 for accuracy in arm["accuracies"])
        assert arm["label"] in said
    first, second = (arm["accuracies"] for arm in report["arms"])
    difference = sum(b - a for a, b in zip(first, second, strict=True)) / 2
    assert report["arms"][1]["difference"]["mean"] == pytest.approx(difference)
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert page.count("<img") == 4
    assert not (tmp_path / "out" / "training").exists()

    # Nothing to train: the table again, of those there.
    next(iter(runs.glob("*.json"))).unlink()
    said = finish(start(tmp_path, "--report_only"))
    assert "my_heads:SlopeHead slope=2" in said
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["num_missing"] == 1
