"""What a run counts and writes, with stand-ins for model and pairs."""

import json
import types
from pathlib import Path

import pytest

from keras_sphereface.training import (
    CheckpointConfig,
    TrainConfig,
    VerificationConfig,
)
from keras_sphereface.training.checkpoints import CheckpointError
from keras_sphereface.training.run import Run, write_csv


class Verification:
    """Says the accuracies one after another, `None` in between."""

    def __init__(self, *accuracies):
        self.accuracies = iter(accuracies)
        self.best_accuracy = -1.0

    def on_epoch_end(self, epoch, logs):
        accuracy = next(self.accuracies)
        if accuracy is not None:
            logs["pairs_accuracy"] = accuracy
            self.best_accuracy = max(self.best_accuracy, accuracy)


def make_run(workdir, *, accuracies=(), **settings):
    """A run of 10 steps an epoch."""
    settings = {"checkpoint": CheckpointConfig(every_steps=0), **settings}
    optimizer = types.SimpleNamespace(use_ema=False)
    recognizer = types.SimpleNamespace(optimizer=optimizer, stop_training=False)
    config = TrainConfig(**settings)
    verification = Verification(*accuracies) if accuracies else None
    run = Run(config, recognizer, Path(workdir), 10, verification)
    run.set_model(recognizer)
    return run


def test_history_has_a_line_an_epoch_under_all_names(tmp_path):
    run = make_run(tmp_path)
    run.on_epoch_end(0, {"loss": 2.5})
    run.on_epoch_end(1, {"loss": 1, "pairs_accuracy": 0.75})
    assert (tmp_path / "history.csv").read_bytes().splitlines() == [
        b"epoch,loss,pairs_accuracy",
        b"0,2.5,",
        b"1,1.0,0.75",
    ]


def test_training_stops_once_the_patience_is_over(tmp_path):
    run = make_run(
        tmp_path,
        accuracies=(0.5, 0.6, None, 0.6, 0.55),
        verification=VerificationConfig(every_epochs=1, patience=2),
    )
    stopped = []
    for epoch in range(5):
        run.on_epoch_end(epoch, {})
        stopped.append(run.model.stop_training)
    # Two verifications were no better; an epoch without one does not count.
    assert stopped == [False, False, False, False, True]


def test_without_patience_training_goes_on(tmp_path):
    run = make_run(tmp_path, accuracies=(0.5, 0.4, 0.3, 0.2))
    for epoch in range(4):
        run.on_epoch_end(epoch, {})
    assert not run.model.stop_training


def test_steps_are_counted_and_checkpoints_come_between_epochs(
    tmp_path, monkeypatch
):
    run = make_run(tmp_path, checkpoint=CheckpointConfig(every_steps=4))
    saved = []
    monkeypatch.setattr(run, "_save", lambda: saved.append(run.step))
    for _ in range(2):
        for batch in range(10):
            run.on_train_batch_end(batch)
    # Not at 20, the end of an epoch, which has a checkpoint of its own.
    assert saved == [4, 8, 12, 16]


def test_a_changed_config_is_named_setting_by_setting(tmp_path):
    run = make_run(tmp_path, epochs=3)
    before = json.loads(json.dumps(run.config.to_dict()))  # as it was saved
    run._check_config(before)
    before["epochs"] = 2
    before["optimizer"]["momentum"] = 0.5
    with pytest.raises(CheckpointError) as caught:
        run._check_config(before)
    assert str(caught.value).endswith(
        "Changed: config.epochs was 2, is 3; "
        "config.optimizer.momentum was 0.5, is 0.9"
    )


def test_a_table_has_the_keys_of_all_rows_in_order(tmp_path):
    write_csv(tmp_path / "a.csv", [{"b": 1}, {"a": "x,y", "b": 2}])
    lines = (tmp_path / "a.csv").read_text().splitlines()
    assert lines == ["b,a", "1,", '2,"x,y"']
