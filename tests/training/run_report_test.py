import json
import math
import types

import pytest

from keras_sphereface.training import TrainConfig, TrainingFaces
from keras_sphereface.training.run_report import run_report


class Report:
    def __init__(self, accuracy):
        self.accuracy = accuracy

    def to_dict(self):
        points = [{"far": 0.1, "threshold": self.accuracy}]
        return {"accuracy": self.accuracy, "operating_points": points}


def make_report(before, after, history=(), **times):
    run = types.SimpleNamespace(
        config=TrainConfig(batch_size=8),
        step=30,
        history=list(history),
        alarm=types.SimpleNamespace(said=[{"kind": "loss"}]),
        rollbacks=[],
    )
    faces = TrainingFaces(None, 5, 40, {}, "casia")
    times = {"first_step": 0, "seconds": 2.0, **times}
    report = run_report(run, faces, before, after, replicas=2, **times)
    assert json.loads(json.dumps(report, allow_nan=False)) is not None
    return report


def test_it_says_what_was_trained_and_how_fast():
    report = make_report({}, {}, first_step=10)
    assert report["config"] == TrainConfig(batch_size=8).to_dict()
    assert report["data"] == {
        "source": "casia",
        "num_classes": 5,
        "num_images": 40,
    }
    assert report["replicas"] == 2
    assert report["resumed_from_step"] == 10
    assert report["images_per_second"] == pytest.approx(20 * 8 / 2.0)
    assert report["alarms"] == [{"kind": "loss"}]
    assert report["rollbacks"] == []
    assert report["diverged"] is None
    assert make_report({}, {})["resumed_from_step"] is None


def test_the_first_pairs_give_the_thresholds():
    before = {"hard": Report(0.5), "easy": Report(0.6)}
    after = {"hard": Report(0.7), "easy": Report(0.8)}
    report = make_report(before, after)
    assert list(report["pairs"]) == ["hard", "easy"]
    assert report["before"]["accuracy"] == 0.5
    assert report["after"]["accuracy"] == 0.7
    assert report["operating_points"] == [{"far": 0.1, "threshold": 0.7}]


def test_without_pairs_or_finite_weights_there_are_no_thresholds():
    for before in ({}, {"hard": Report(0.5)}):
        report = make_report(before, {})
        assert report["after"] is None
        assert report["operating_points"] == []


def test_a_history_has_no_nan():
    report = make_report({}, {}, history=[{"epoch": 0, "loss": math.nan}])
    assert report["history"] == [{"epoch": 0, "loss": None}]
