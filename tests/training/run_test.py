"""What a run counts and writes, with stand-ins for model and pairs."""

import math
import signal
import types
from pathlib import Path

import keras
import pytest

from keras_sphereface.training import (
    CheckpointConfig,
    TrainConfig,
    VerificationConfig,
)
from keras_sphereface.training.checkpoints import (
    Checkpoint,
    CheckpointError,
    Checkpoints,
)
from keras_sphereface.training.run import Run, write_csv
from keras_sphereface.training.stop_signals import StopSignals


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


class Data:
    """As a `DataFingerprint` of ten steps per epoch."""

    steps_per_epoch = 10
    is_kept = False

    def __init__(self, *changed):
        self.notes = {"faces": "digest"}
        self.changed = list(changed)

    def changes(self, before):
        assert before == self.notes
        return self.changed

    def keep(self):
        self.is_kept = True

    def remove(self):
        self.is_kept = False


def make_run(workdir, *, accuracies=(), **settings):
    """A run of 10 steps an epoch."""
    settings = {"checkpoint": CheckpointConfig(every_steps=0), **settings}
    optimizer = types.SimpleNamespace(use_ema=False, learning_rate=0.1)
    recognizer = types.SimpleNamespace(
        optimizer=optimizer, stop_training=False, weights=[]
    )
    config = TrainConfig(**settings)
    verification = Verification(*accuracies) if accuracies else None
    run = Run(config, recognizer, Path(workdir), Data(), verification)
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


@pytest.mark.parametrize("weight", [1.0, math.inf])
def test_a_run_whose_weights_are_not_finite_ends_at_once(tmp_path, weight):
    run = make_run(
        tmp_path,
        accuracies=(0.5,),
        checkpoint=CheckpointConfig(every_steps=4),
    )
    run.recognizer.weights = [keras.Variable(weight, name="kernel")]
    saved = []
    run._save = lambda: saved.append(run.step)
    # A loss that is not finite may be a step that loss scaling skipped.
    run.on_epoch_end(0, {"loss": math.nan})
    broken = math.isinf(weight)
    assert run.is_broken is run.stopped is run.model.stop_training is broken
    assert ("pairs_accuracy" in run.history[0]) is not broken
    assert len(saved) == (0 if broken else 1)
    found = run.watch.found
    assert (None if found is None else (found.learning_rate, found.what)) == (
        (0.1, "NaN or infinity in kernel") if broken else None
    )


def test_a_checkpoint_keeps_what_the_alarm_said(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "keras_sphereface.training.run.recognizer_state", lambda _: {}
    )
    monkeypatch.setattr(
        "keras_sphereface.training.run.restore_state", lambda *_: None
    )
    run = make_run(tmp_path)
    said = {"epoch": 1, "step": 20, "kind": "angles", "text": "Away."}
    run.alarm.said.append(said)
    run.step = 13
    again = make_run(tmp_path)
    again.go_to(run.checkpoint())
    assert again.alarm.said == [said]
    assert again.alarm.state() == run.alarm.state()


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


@pytest.fixture
def unfinished(tmp_path):
    """The folder of a run killed after its seventh step."""
    run = make_run(tmp_path)
    notes = {"config": run.config.to_dict(), "data": run.data.notes}
    Checkpoints(tmp_path / "checkpoints").save(Checkpoint(7, {}, notes))
    return tmp_path


def test_a_changed_config_is_named_and_refused(unfinished):
    run = make_run(unfinished, epochs=3)
    with pytest.raises(CheckpointError) as caught:
        run.resume()
    assert str(caught.value).startswith(
        f"{unfinished} holds an unfinished run of another config; give another "
        f"workdir, or remove {unfinished / 'checkpoints'}. Changed: "
    )
    assert "config.epochs was 20, is 3" in str(caught.value)


def test_changed_data_are_named_and_refused(unfinished):
    run = make_run(unfinished)
    run.data = Data("1 images gone: a/3.jpg", "pairs 'lfw'")
    with pytest.raises(CheckpointError) as caught:
        run.resume()
    assert "holds an unfinished run on other data" in str(caught.value)
    assert str(caught.value).endswith(
        "Changed: 1 images gone: a/3.jpg; pairs 'lfw'"
    )
    assert not run.data.is_kept  # the names of then explain the next try too


@pytest.mark.parametrize("every_steps", [0, 4])
def test_names_are_kept_as_long_as_checkpoints(tmp_path, every_steps):
    checkpoint = CheckpointConfig(every_steps=every_steps)
    run = make_run(tmp_path, checkpoint=checkpoint)
    run.resume()
    assert run.data.is_kept is bool(every_steps)
    run.checkpoints.save(Checkpoint(7, {}, {}))
    run.finish()
    assert not run.data.is_kept
    assert not run.checkpoints.folder.exists()


@pytest.mark.parametrize("every_steps", [0, 100])
@pytest.mark.parametrize("last_step", [3, 10])
def test_a_signal_ends_a_run_with_a_checkpoint(
    tmp_path, monkeypatch, every_steps, last_step
):
    checkpoint = CheckpointConfig(every_steps=every_steps)
    run = make_run(tmp_path, checkpoint=checkpoint)
    saved = []
    monkeypatch.setattr(run, "_save", lambda: saved.append(run.step))
    run.signals = StopSignals()
    for batch in range(last_step - 1):
        run.on_train_batch_end(batch)
    run.signals.received = signal.SIGTERM
    with pytest.raises(SystemExit) as caught:
        run.on_train_batch_end(last_step - 1)
        # The last step of an epoch is followed by what ends it.
        assert run.step == 10
        run.on_epoch_end(0, {"loss": 1.0})
    assert caught.value.code == 143
    assert saved == ([last_step] if every_steps else [])
    assert len(run.history) == (last_step == 10)


def test_a_run_is_over_after_its_last_step_or_once_it_stopped(tmp_path):
    run = make_run(tmp_path, epochs=2)
    assert not run.is_over
    run.step = 20
    assert run.is_over
    run.step, run.stopped = 10, True
    assert run.is_over


def test_a_table_has_the_keys_of_all_rows_in_order(tmp_path):
    write_csv(tmp_path / "a.csv", [{"b": 1}, {"a": "x,y", "b": 2}])
    lines = (tmp_path / "a.csv").read_text().splitlines()
    assert lines == ["b,a", "1,", '2,"x,y"']
