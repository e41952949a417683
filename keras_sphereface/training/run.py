"""A run that can be killed: its position, its history, its checkpoints."""

import csv
import io

import keras

from keras_sphereface.callbacks import VerificationCallback
from keras_sphereface.files import new_file
from keras_sphereface.training.checkpoints import (
    Checkpoint,
    CheckpointError,
    Checkpoints,
)
from keras_sphereface.training.model_state import (
    AveragedWeights,
    recognizer_state,
    restore_state,
    write_metrics,
)


class Run(keras.callbacks.Callback):
    """Everything of a run that is not in the model.

    As a callback it counts batches, verifies after an epoch, keeps the logs in
    `history.csv`, stops early, and writes checkpoints.

    Args:
        config: `TrainConfig`.
        recognizer: compiled `FaceRecognizer`.
        workdir: path of the folder of the run.
        steps_per_epoch: int.
        verification: `VerificationCallback`, or `None`.
        writes_files: bool, `False` on all workers but one.
    """

    def __init__(
        self,
        config,
        recognizer,
        workdir,
        steps_per_epoch,
        verification=None,
        writes_files=True,
    ):
        super().__init__()
        self.config = config
        self.recognizer = recognizer
        self.workdir = workdir
        self.steps_per_epoch = steps_per_epoch
        self.verification = verification
        self.writes_files = writes_files
        self.checkpoints = Checkpoints(
            workdir / "checkpoints", config.checkpoint.keep
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
        if checkpoint is None:
            return
        self._check_config(checkpoint.notes["config"])
        self.go_to(checkpoint)

    def go_to(self, checkpoint):
        """Sets the model and the run to a `Checkpoint`."""
        restore_state(self.recognizer, checkpoint.arrays)
        notes = checkpoint.notes
        self.step = checkpoint.step
        self.history = list(notes["history"])
        self.waited = notes["waited"]
        self.stopped = notes["stopped"]
        if self.verification is not None:
            self.verification.best_accuracy = notes["best_accuracy"]
        within_an_epoch = self.step % self.steps_per_epoch
        self._metrics = checkpoint.arrays if within_an_epoch else None

    def checkpoint(self):
        """The `Checkpoint` of this moment."""
        best = getattr(self.verification, "best_accuracy", None)
        notes = {
            "config": self.config.to_dict(),
            "history": self.history,
            "waited": self.waited,
            "stopped": self.stopped,
            "best_accuracy": best,
        }
        return Checkpoint(self.step, recognizer_state(self.recognizer), notes)

    def on_epoch_begin(self, epoch, logs=None):
        self._is_rest = self._metrics is not None
        if self._is_rest:
            write_metrics(self.recognizer, self._metrics)
            self._metrics = None

    def on_train_batch_end(self, batch, logs=None):
        self.step += 1
        every = self.config.checkpoint.every_steps
        # The end of an epoch has a checkpoint of its own.
        if (
            every
            and self.step % every == 0
            and self.step % self.steps_per_epoch
        ):
            self._save()

    def on_epoch_end(self, epoch, logs=None):
        logs = {} if logs is None else logs
        if self.verification is not None:
            self._verify(epoch, logs)
        row = {name: float(value) for name, value in logs.items()}
        self.history.append({"epoch": epoch, **row})
        if self.writes_files:
            write_csv(self.workdir / "history.csv", self.history)
        if self.config.checkpoint.every_steps:
            checkpoint = self._save()
            self.at_epoch_end = checkpoint if self._is_rest else None
        self.model.stop_training = self.stopped

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
        if self.writes_files:
            self.checkpoints.save(checkpoint)
        return checkpoint

    def _check_config(self, before):
        now = self.config.to_dict()
        strategies = {before.get("strategy"), now["strategy"]}
        if "class_parallel" in strategies <= {"class_parallel", "none"}:
            # A checkpoint is the same however many devices wrote it.
            for name in ("strategy", "cpu_devices"):
                before = {**before, name: now[name]}
        changed = sorted(_differences("config", before, now))
        if changed:
            raise CheckpointError(
                f"{self.workdir} holds an unfinished run of another config; "
                f"give another workdir, or remove {self.checkpoints.folder}. "
                f"Changed: {'; '.join(changed)}"
            )


def verification_of(config, faces, recognizer, workdir, writes_files):
    """The `VerificationCallback` of a run, or `None`."""
    if faces.pairs is None or not config.verification.every_epochs:
        return None
    callback = VerificationCallback(
        faces.pairs,
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


def _differences(path, before, now):
    if isinstance(before, dict) and isinstance(now, dict):
        for name in before.keys() | now.keys():
            yield from _differences(
                f"{path}.{name}", before.get(name), now.get(name)
            )
    # JSON has made lists of tuples.
    elif before != (list(now) if isinstance(now, tuple) else now):
        yield f"{path} was {before!r}, is {now!r}"
