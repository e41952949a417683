"""A run that can be killed: its position, its history, its checkpoints."""

import csv
import io

import keras

from keras_sphereface.callbacks import TrainingAlarm, VerificationCallback
from keras_sphereface.files import new_file
from keras_sphereface.training.checkpoints import (
    Checkpoint,
    CheckpointError,
    Checkpoints,
)
from keras_sphereface.training.config_changes import config_changes
from keras_sphereface.training.divergence import (
    DivergenceWatch,
    lower_learning_rate,
)
from keras_sphereface.training.model_state import (
    AveragedWeights,
    recognizer_state,
    restore_state,
    write_metrics,
)
from keras_sphereface.training.stop_signals import StopSignals
from keras_sphereface.training.workdir import checkpoint_folder


class Run(keras.callbacks.Callback):
    """Everything of a run that is not in the model.

    As a callback it counts batches, verifies after an epoch, keeps the logs in
    `history.csv`, stops early, and writes checkpoints, one of them when a
    signal ends the process. A model whose weights are not finite learns
    nothing more: it is stopped, neither verified nor kept in a checkpoint, so
    that the newest checkpoint is always a good one.

    Args:
        config: `TrainConfig`.
        recognizer: compiled `FaceRecognizer`.
        workdir: path of the folder of the run.
        data: `DataFingerprint`.
        verification: `VerificationCallback`, or `None`.
        writes_files: bool, `False` on all workers but one.
        signals: `StopSignals`, or `None`.

    Attributes:
        alarm: `TrainingAlarm`, a callback to be called before the run.
        watch: `DivergenceWatch`, a callback to be called after the run.
        is_broken: bool, whether it has diverged.
        rollbacks: list of dicts, the divergences it went back from.
    """

    def __init__(
        self,
        config,
        recognizer,
        workdir,
        data,
        verification=None,
        writes_files=True,
        signals=None,
    ):
        super().__init__()
        self.config = config
        self.recognizer = recognizer
        self.workdir = workdir
        self.data = data
        self.steps_per_epoch = data.steps_per_epoch
        self.verification = verification
        self.writes_files = writes_files
        self.signals = signals or StopSignals()
        self.alarm = TrainingAlarm()
        self.watch = DivergenceWatch(recognizer, config.batch_size)
        self.is_broken = False
        self.rollbacks = []
        self.checkpoints = Checkpoints(
            checkpoint_folder(workdir), config.checkpoint.keep
        )
        self.step = 0
        self.history = []
        self.waited = 0
        self.stopped = False
        # Of an epoch that was resumed in its middle, whose `fit` is not the
        # last one.
        self.at_epoch_end = None
        self._metrics = None
        self._is_rest = False

    def resume(self):
        """Goes to the newest checkpoint, if there is one."""
        checkpoint = self.checkpoints.newest()
        if checkpoint is not None:
            notes, config = checkpoint.notes, self.config.to_dict()
            changes = config_changes(notes["config"], config)
            self._refuse("of another config", changes)
            self._refuse("on other data", self.data.changes(notes["data"]))
            self.go_to(checkpoint)
        if self.writes_files and self.config.checkpoint.every_steps:
            self.data.keep()

    def finish(self):
        """Removes what a killed run would go on from."""
        self.data.remove()
        self.checkpoints.remove()

    def go_to(self, checkpoint):
        """Sets the model and the run to a `Checkpoint`."""
        restore_state(self.recognizer, checkpoint.arrays)
        notes = checkpoint.notes
        self.step = self.watch.step = checkpoint.step
        self.rollbacks = list(notes["rollbacks"])
        lower_learning_rate(self)
        self.history = list(notes["history"])
        self.waited = notes["waited"]
        self.stopped = notes["stopped"]
        if self.verification is not None:
            self.verification.best_accuracy = notes["best_accuracy"]
        within_an_epoch = self.step % self.steps_per_epoch
        self.alarm.restore(notes["alarm"], within_an_epoch)
        self._metrics = checkpoint.arrays if within_an_epoch else None

    @property
    def is_over(self):
        """Whether there is nothing left to train."""
        total = self.steps_per_epoch * self.config.epochs
        return self.stopped or self.step >= total

    def checkpoint(self):
        """The `Checkpoint` of this moment."""
        best = getattr(self.verification, "best_accuracy", None)
        notes = {
            "config": self.config.to_dict(),
            "data": self.data.notes,
            "history": self.history,
            "waited": self.waited,
            "stopped": self.stopped,
            "rollbacks": self.rollbacks,
            "best_accuracy": best,
            "alarm": self.alarm.state(),
        }
        return Checkpoint(self.step, recognizer_state(self.recognizer), notes)

    def on_train_begin(self, logs=None):
        if self.verification is not None:
            self.verification.on_train_begin(logs)
        if self.config.on_divergence == "rollback" and not self.step:
            self._save()

    def on_epoch_begin(self, epoch, logs=None):
        self._is_rest = self._metrics is not None
        if self._is_rest:
            write_metrics(self.recognizer, self._metrics)
            self._metrics = None

    def on_train_batch_end(self, batch, logs=None):
        self.step += 1
        self.watch.step = self.step
        if self.step % self.steps_per_epoch == 0:
            return  # The end of an epoch has a checkpoint of its own.
        every = self.config.checkpoint.every_steps
        is_last = self.signals.received is not None
        if every and (is_last or self.step % every == 0):
            self._save()
            if self.watch.found is not None:
                self.model.stop_training = True
        self.signals.stop()

    def on_epoch_end(self, epoch, logs=None):
        logs = {} if logs is None else logs
        # The last step may have broken what its loss did not see.
        self.watch.look_at_weights()
        if self.watch.found is not None:
            self.is_broken = self.stopped = True
        elif self.verification is not None:
            self._verify(epoch, logs)
        row = {name: float(value) for name, value in logs.items()}
        self.history.append({"epoch": epoch, **row})
        if self.writes_files:
            write_csv(self.workdir / "history.csv", self.history)
        if self.config.checkpoint.every_steps and not self.is_broken:
            checkpoint = self._save()
            self.at_epoch_end = checkpoint if self._is_rest else None
            self.is_broken = self.watch.found is not None
            self.stopped = self.stopped or self.is_broken
        self.model.stop_training = self.stopped
        self.signals.stop()

    def _verify(self, epoch, logs):
        best = self.verification.best_accuracy
        with AveragedWeights(self.recognizer):
            self.verification.on_epoch_end(epoch, logs)
        verified = any(name.endswith("_accuracy") for name in logs)
        if not verified:
            return
        better = self.verification.best_accuracy > best
        self.waited = 0 if better else self.waited + 1
        patience = self.config.verification.patience
        self.stopped = bool(patience) and self.waited >= patience

    def _save(self):
        # Every worker reads its variables, since that may need all of them.
        checkpoint = self.checkpoint()
        self.watch.look_at_arrays(checkpoint.arrays)
        if self.writes_files and self.watch.found is None:
            self.checkpoints.save(checkpoint)
        return checkpoint

    def _refuse(self, what, changes):
        if changes:
            raise CheckpointError(
                f"{self.workdir} holds an unfinished run {what}; give another "
                f"workdir, or remove {self.checkpoints.folder}. "
                f"Changed: {'; '.join(changes)}"
            )


def verification_of(config, faces, recognizer, workdir, writes_files):
    """The `VerificationCallback` of a run, or `None`."""
    if not faces.pair_sets or not config.verification.every_epochs:
        return None
    callback = VerificationCallback(
        faces.pair_sets,
        every_epochs=config.verification.every_epochs,
        best_path=workdir / "best_embedder.keras" if writes_files else None,
    )
    callback.set_params({"epochs": config.epochs})
    callback.set_model(recognizer)
    return callback


def write_csv(path, rows):
    """Writes dicts as lines under a header of all their keys."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, names)
    writer.writeheader()
    writer.writerows(rows)
    with new_file(path) as temporary:
        temporary.write_bytes(text.getvalue().encode())
