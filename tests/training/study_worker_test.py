import json
import math
import subprocess
import time

import numpy as np
import pytest

from keras_sphereface.contract import EmbeddingError
from keras_sphereface.evaluation import StudyRun
from keras_sphereface.training import (
    DataConfig,
    EmbedderConfig,
    HeadStudy,
    OptimizerConfig,
    study_worker,
)
from keras_sphereface.training.compare_heads import WORKER
from keras_sphereface.training.divergence import DivergenceError
from keras_sphereface.training.study_worker import read_history, run_planned

DATA = DataConfig(
    image_size=(32, 32),
    synthetic_identities=6,
    synthetic_images=6,
    synthetic_unseen=20,
    synthetic_pairs=10,
)


def planned(learning_rate=0.02, **head):
    study = HeadStudy(
        heads=({"name": "normface", **head},),
        seeds=(4,),
        data=DATA,
        embedder=EmbedderConfig("mobilefacenet_small", embedding_dim=16),
        optimizer=OptimizerConfig(
            learning_rate=learning_rate, warmup_epochs=0.0
        ),
        epochs=2,
        batch_size=12,
    )
    return study.plan()[0]


def run(tmp_path, plan):
    path = tmp_path / "run.json"
    run_planned(plan.settings, tmp_path / "work", path)
    content = json.loads(path.read_text("utf-8"))
    found = StudyRun.from_dict(content["run"])
    assert content["settings"] == plan.settings
    # The models are gone.
    assert [item.name for item in tmp_path.iterdir()] == ["run.json"]
    return found


@pytest.mark.slow
def test_a_run_keeps_what_it_measured(tmp_path):
    found = run(tmp_path, planned(scale=16.0))
    assert (found.head, found.arguments) == ("normface", {"scale": 16.0})
    assert (found.learning_rate, found.seed) == (0.02, 4)
    assert found.failure == ""
    assert found.data == (
        "36 images of 6 identities (synthetic faces), 100 pairs (unseen "
        "synthetic faces)"
    )
    assert found.num_pairs == 100
    assert [row["epoch"] for row in found.history] == [0, 1]
    assert found.accuracy == found.history[-1]["verification_accuracy"]
    assert 0.3 < found.untrained_accuracy < 0.9
    assert sum(found.target_angles) == sum(found.nearest_angles) == 36
    bins = np.arange(45) * 4 + 2
    mean = np.average(bins, weights=found.target_angles)
    assert found.target_angle == pytest.approx(mean, abs=2)
    assert found.norm > 0
    assert found.seconds > 0


@pytest.mark.slow
def test_a_loss_that_is_not_finite_is_a_divergence(tmp_path):
    with pytest.warns(UserWarning, match="lower the learning rate"):
        found = run(tmp_path, planned(learning_rate=1e30))
    assert found.failure == "diverged"
    assert found.accuracy is None
    assert found.target_angles == []
    assert all(math.isfinite(v) for row in found.history for v in row.values())


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (EmbeddingError("all zeros", is_finite=True), "collapsed"),
        (EmbeddingError("NaN", is_finite=False), "diverged"),
        (DivergenceError("NaN"), "diverged"),
    ],
)
def test_a_run_that_cannot_be_verified_is_kept(
    error, failure, tmp_path, monkeypatch
):
    def fail(config, workdir, progress, export):
        workdir.mkdir()
        (workdir / "history.csv").write_text("epoch,loss\n0,2.5\n")
        raise error

    monkeypatch.setattr(study_worker, "train", fail)
    found = run(tmp_path, planned())
    assert found.failure == failure
    assert found.history == [{"epoch": 0, "loss": 2.5}]
    assert (found.accuracy, found.norm, found.data) == (None, None, "")


def test_other_errors_are_not_kept(tmp_path, monkeypatch):
    def fail(*args, **kwargs):
        raise ValueError("no such folder")

    monkeypatch.setattr(study_worker, "train", fail)
    with pytest.raises(ValueError, match="no such folder"):
        run(tmp_path, planned())
    assert not (tmp_path / "run.json").exists()


def test_the_history_of_a_run_leaves_out_what_is_not_finite(tmp_path):
    path = tmp_path / "history.csv"
    assert read_history(path) == []
    path.write_text("epoch,loss,accuracy\n0,2.5,0.5\n1,nan,\n")
    assert read_history(path) == [
        {"epoch": 0, "loss": 2.5, "accuracy": 0.5},
        {"epoch": 1},
    ]


@pytest.mark.slow
def test_a_worker_ends_when_its_study_is_killed(tmp_path):
    plan, path = planned(), tmp_path / "run.json"
    arguments = {
        # More epochs than a test waits for.
        "settings": {
            **plan.settings,
            "config": {**plan.settings["config"], "epochs": 10_000},
        },
        "folder": str(tmp_path / "work"),
        "path": str(path),
    }
    worker = subprocess.Popen(WORKER, stdin=subprocess.PIPE, text=True)
    worker.stdin.write(json.dumps(arguments) + "\n")
    worker.stdin.flush()
    history = tmp_path / "work" / "history.csv"
    deadline = time.monotonic() + 120
    while not history.is_file() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert history.is_file()
    assert worker.poll() is None
    worker.stdin.close()  # as the end of its parent does
    assert worker.wait(20) != 0
    assert not path.exists()
