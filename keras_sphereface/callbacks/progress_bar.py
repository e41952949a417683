import sys
import time

import keras
from tqdm import tqdm


class ProgressBar(keras.callbacks.Callback):
    """One progress bar over the whole of `fit`, all epochs together.

    Pass `verbose=0` to `fit` beside it. The metrics behind the bar are
    running means of the epoch; they are read a few times per second only, since
    reading them makes the device wait. In a log file the bar becomes a line
    every fifteen seconds.

    Args:
        metrics: names of the logs to show. Defaults to `("loss",
            "accuracy")`.
        description: str, in front of the bar. Defaults to `"training"`.
        first_step: int, batches done before this `fit`. Defaults to `0`.
        last_step: int, batches done after it. Defaults to those of all epochs.
    """

    def __init__(
        self,
        metrics=("loss", "accuracy"),
        description="training",
        first_step=0,
        last_step=None,
    ):
        super().__init__()
        self.metrics = tuple(metrics)
        self.description = description
        self.first_step = first_step
        self.last_step = last_step
        self._bar = None

    def on_train_begin(self, logs=None):
        epochs, steps = self.params["epochs"], self.params["steps"]
        self._interval = 0.25 if sys.stderr.isatty() else 15.0
        self._epoch, self._last_shown = 0, time.monotonic()
        self._bar = tqdm(
            total=self.last_step or (epochs * steps if steps else None),
            initial=self.first_step,
            desc=self.description,
            unit="step",
            mininterval=self._interval,
            dynamic_ncols=True,
            file=sys.stderr,
        )

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        now = time.monotonic()
        if logs and now - self._last_shown >= self._interval:
            self._show(logs)
            self._last_shown = now
        self._bar.update(1)

    def on_epoch_end(self, epoch, logs=None):
        self._show(logs or {})

    def on_train_end(self, logs=None):
        self._bar.close()

    def _show(self, logs):
        shown = {
            name: f"{float(logs[name]):.3f}"
            for name in self.metrics
            if name in logs
        }
        epoch = f"{self._epoch + 1}/{self.params['epochs']}"
        self._bar.set_postfix({"epoch": epoch, **shown}, refresh=False)
