"""What a run does once its numbers are not finite any more."""

import dataclasses
import warnings
from typing import NamedTuple

import keras
import numpy as np

from keras_sphereface.backend.keras_internals import learning_rate_of
from keras_sphereface.optimizers.update_schedule import UpdateSchedule
from keras_sphereface.training.model_state import non_finite_weights
from keras_sphereface.training.schedules import build_schedule

# Steps between looks, and steps without one finite loss that are too many.
LOOK_EVERY = 50


class DivergenceError(ArithmeticError):
    """A run whose weights, or all losses, are not finite any more."""


class Divergence(NamedTuple):
    """How a run diverged.

    Attributes:
        step: int, at most `LOOK_EVERY` steps after it happened.
        learning_rate: float, at that step.
        what: str, what was not finite.
    """

    step: int
    learning_rate: float
    what: str

    def __str__(self):
        return (
            f"training diverged by step {self.step:,}, at a learning rate of "
            f"{self.learning_rate:.3g}: {self.what}"
        )


class DivergenceWatch(keras.callbacks.Callback):
    """Ends `fit` within 51 steps after the numbers are no longer finite.

    Every 50 steps it reads how many losses were not finite, which the step
    counts anyway. Only where some were it looks at the weights: a loss that is
    not finite may be a step that loss scaling skips, but not 50 in a row.

    Args:
        recognizer: compiled `FaceRecognizer`.
        batch_size: int, images per step.

    Attributes:
        step: int, steps of the run so far. `Run` counts them.
        found: `Divergence`, or `None` while there is none.
    """

    def __init__(self, recognizer, batch_size):
        super().__init__()
        self.recognizer = recognizer
        self.batch_size = batch_size
        self.step = 0
        self.found = None
        self._seen = (0, 0)  # steps of this `fit`'s epoch, and faults in them

    def on_epoch_begin(self, epoch, logs=None):
        # After `Run`, which restores the counts of an epoch that goes on.
        self._seen = (0, self._count_faults())

    def on_train_batch_begin(self, batch, logs=None):
        steps, faults = self._seen
        if batch - steps < LOOK_EVERY or self.found is not None:
            return
        self._seen = (batch, self._count_faults())
        count = self._seen[1] - faults
        if count:
            self.look_at_weights()
        if count >= (batch - steps) * self.batch_size:
            self.say(f"no loss of the last {batch - steps} steps was finite")
        if self.found is not None:
            self.model.stop_training = True

    def look_at_weights(self):
        """Finds out whether the weights are finite."""
        names = non_finite_weights(self.recognizer)
        if names:
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            self.say(f"NaN or infinity in {names[0]}{more}")

    def look_at_arrays(self, arrays):
        """Finds out whether what would go into a checkpoint is finite.

        Args:
            arrays: dict of NumPy arrays by name, of `recognizer_state`.
        """
        for name, array in arrays.items():
            # A mean over an epoch remembers a step that was skipped.
            if name.startswith("metrics/") or array.dtype.kind in "iub":
                continue
            if not np.isfinite(array.astype("float32", copy=False)).all():
                kind = name.split("/")[0]
                self.say(f"NaN or infinity in the state of the {kind}")

    def say(self, what):
        """Keeps the first thing that was not finite."""
        if self.found is None:
            rate = self.recognizer.optimizer.learning_rate
            rate = float(keras.ops.convert_to_numpy(rate))
            self.found = Divergence(self.step, rate, what)

    def _count_faults(self):
        return self.model.count_faults()["non_finite_losses"]


def divergence_error(run):
    """The error of a run that diverged and is not to go on.

    Args:
        run: `Run` that is broken.

    Returns:
        `DivergenceError`; its message names step, learning rate, what was not
        finite, and the checkpoint that is good.
    """
    text = str(run.watch.found)
    done = len(run.rollbacks)
    if done:
        text += f", after {done} of {run.config.rollbacks} rollbacks"
    steps = run.checkpoints.steps()
    kept = (
        f"The checkpoint of step {steps[-1]:,} in {run.checkpoints.folder} is "
        "good"
        if steps
        else "There is no checkpoint yet"
    )
    advice = "lower the learning rate"
    if run.config.on_divergence == "stop":
        advice += ', or set on_divergence="rollback"'
    return DivergenceError(f"{text}. {kept}, and no model was saved: {advice}.")


def roll_back(run):
    """Sets a run that diverged to its newest checkpoint, at a lower rate.

    Args:
        run: `Run`, after `fit`.

    Returns:
        Bool, whether there is more to train; `False` of a run that did not
        diverge, or too often.
    """
    config = run.config
    if (
        not run.is_broken
        or config.on_divergence != "rollback"
        or len(run.rollbacks) == config.rollbacks
    ):
        return False
    found, before, said = run.watch.found, run.rollbacks, run.alarm.said
    checkpoint = run.checkpoints.newest()
    run.go_to(checkpoint)
    run.alarm.said = said
    run.rollbacks = [*before, {**found._asdict(), "to_step": checkpoint.step}]
    run.is_broken, run.watch.found = False, None
    lower_learning_rate(run)
    warnings.warn(
        f"{found}. Rollback {len(run.rollbacks)} of {config.rollbacks} to the "
        f"checkpoint of step {checkpoint.step:,}, at "
        f"{config.rollback_factor:g} times the learning rate.",
        stacklevel=2,
    )
    return True


def lower_learning_rate(run):
    """Gives the optimizer of a run the schedule that its rollbacks ask for.

    Args:
        run: `Run`.
    """
    if not run.rollbacks:
        return
    settings = run.config.optimizer
    factor = run.config.rollback_factor ** len(run.rollbacks)
    schedule = build_schedule(
        dataclasses.replace(
            settings, learning_rate=settings.learning_rate * factor
        ),
        run.steps_per_epoch,
        run.config.epochs,
    )
    optimizer = run.recognizer.optimizer
    while hasattr(optimizer, "inner_optimizer"):
        optimizer = optimizer.inner_optimizer
    before = learning_rate_of(optimizer)
    if isinstance(before, UpdateSchedule):
        schedule = UpdateSchedule(schedule, before.steps)
    optimizer.learning_rate = schedule
    # A compiled step keeps the schedule it was made with.
    run.recognizer.make_train_function(force=True)
