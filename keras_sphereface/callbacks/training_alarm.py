import math
import warnings

import keras
from keras import ops

from keras_sphereface.backend.keras_internals import all_layers
from keras_sphereface.callbacks.trained_parts import find_head, heads_of
from keras_sphereface.callbacks.training_means import (
    REPORTED,
    TrainingMeans,
    means_between,
)
from keras_sphereface.callbacks.training_warnings import (
    course_warnings,
    epoch_warnings,
    loss_warning,
)
from keras_sphereface.contract.arguments import check_integer

_CAUSES = ("loss", "angles", "norms", "one_way")
_OUTCOMES = ("learning", "past_margin")
# Looks without a trouble after which it is said anew when it comes back.
_GONE = 5


class TrainingAlarm(keras.callbacks.Callback):
    """Says in a sentence what goes wrong in training, while it does.

    Watches a loss that is not finite in any model, and in `FaceRecognizer` the
    mean angle to the true class, the mean norm of the embeddings and the share
    of samples past the margin: whether embeddings turn away from their own
    class, norms collapse, all classes meet, or nothing is learned. Each
    sentence is a warning, issued once, and again when the trouble had gone and
    comes back.

    The numbers are means that the step computes anyway; they are read every
    so many steps and after each epoch, so that a step waits for nothing.

    One alarm watches one run, in one call of `fit` or in several that go on at
    their `initial_epoch`. What begins at epoch 0 is another run.

    Args:
        every_steps: int, steps between looks. Defaults to `50`.
        head: `MarginHead`. Defaults to `None`, the one of the trained model,
            if it has one.

    Attributes:
        said: list of dicts, what was said of this run so far, with `epoch` and
            `step`, counted from 1, `kind` and `text`. Kinds are `"loss"`,
            `"angles"`, `"norms"`, `"one_way"`, `"learning"` and
            `"past_margin"`.

    Example:

    ```python
    recognizer.fit(dataset, epochs=20, callbacks=[TrainingAlarm()])
    ```
    """

    def __init__(self, every_steps=50, head=None):
        super().__init__()
        self.every_steps = check_integer("every_steps", every_steps, at_least=1)
        self._given_head = head
        self._head = None
        self._start()

    def state(self):
        """What `restore` needs, as JSON types."""
        return {
            "said": list(self.said),
            "steps_before": self._steps_before,
            "seen": self._seen,
            "looks": self._looks,
            "epochs": self._epochs,
            "learning_rates": self._rates,
            "quiet": dict(self._quiet),
        }

    def restore(self, state, steps=0):
        """Goes on where another alarm was.

        Args:
            state: dict, what its `state` returned.
            steps: int, those that the epoch has had and the metrics of the
                model have seen when `fit` starts. Defaults to `0`.
        """
        self.said = list(state["said"])
        self._steps_before = state["steps_before"]
        self._first = steps
        self._seen = tuple(state["seen"])
        self._looks = [TrainingMeans(*means) for means in state["looks"]]
        self._epochs = [TrainingMeans(*means) for means in state["epochs"]]
        self._rates = list(state["learning_rates"])
        self._quiet = dict(state["quiet"])

    def on_train_begin(self, logs=None):
        heads = heads_of(self.model)
        if self._given_head is not None:
            heads = [find_head(self.model, self._given_head)]
        self._head = heads[0] if len(heads) == 1 else None

    def on_epoch_begin(self, epoch, logs=None):
        if not epoch and not self._first:
            self._start()
        self._epoch, self._begun = epoch + 1, self._first
        if not self._first:
            self._seen = (0, {})

    # After a step Keras would read its logs, and so wait for it.
    def on_train_batch_begin(self, batch, logs=None):
        self._begun = self._first + batch
        if self._begun - self._seen[0] >= self.every_steps:
            # On JAX, asking for the model brings its variables up to date.
            self._look(self._begun, self.model.get_metrics_result())

    def on_epoch_end(self, epoch, logs=None):
        steps = self._begun + self.model.steps_per_execution
        if self.params.get("steps"):
            steps = min(steps, self._first + self.params["steps"])
        # Metrics are those of a validation after one.
        logs = logs or {}
        self._look(steps, logs, has_faults="val_loss" not in logs)
        running = TrainingMeans(
            self._epoch, self._steps_before + steps, **self._seen[1]
        )
        self._epochs = [*self._epochs, running][-2:]
        rate = self._rate_now()
        self._rates = [max([*self._rates, rate]), rate]
        # What has a cause that was said needs no other.
        if self._head is not None and not self._quiet.keys() & set(_CAUSES):
            found = epoch_warnings(self._head, self._epochs, self._rates)
            self._say(found, _OUTCOMES, running.step)
        self._steps_before += steps
        self._first = 0

    def _start(self):
        self.said = []
        self._epoch = 1
        self._steps_before = 0  # this epoch
        # Steps of the epoch: done before `fit`, and begun.
        self._first = self._begun = 0
        # Of the epoch, at the last look: steps, and the means over them.
        self._seen = (0, {})
        self._looks, self._epochs, self._rates = [], [], []
        self._quiet = {}

    def _look(self, steps, values, has_faults=True):
        running = {
            name: float(ops.convert_to_numpy(values[name]))
            for name in REPORTED
            if name in values
        }
        before = self._steps_before
        means = TrainingMeans(
            self._epoch,
            before + steps,
            **means_between(self._seen, (steps, running)),
        )
        since, self._seen = before + self._seen[0], (steps, running)
        self._looks = [*self._looks[:1], *self._looks[1:][-2:], means]
        found = {}
        if means.loss is not None and not math.isfinite(means.loss):
            found["loss"] = self._loss_warning(means, since, has_faults)
        elif self._head is not None:
            found = course_warnings(self._head, self._looks)
        self._say(found, _CAUSES, means.step)

    def _loss_warning(self, means, since, has_faults):
        count = getattr(self.model, "count_faults", None)
        return loss_warning(
            since,
            means.step,
            self._rate_now(),
            num_classes=getattr(self._head, "num_classes", None),
            faults=count() if count and has_faults else {},
            uses_float16=any(
                layer.compute_dtype == "float16"
                for layer in all_layers(self.model)
            ),
        )

    def _rate_now(self):
        rate = self.model.optimizer.learning_rate
        return float(ops.convert_to_numpy(rate))

    def _say(self, found, kinds, step):
        for kind in kinds:
            if kind not in found:
                quiet = self._quiet.pop(kind, _GONE) + 1
                if quiet < _GONE:
                    self._quiet[kind] = quiet
                continue
            is_known = kind in self._quiet
            self._quiet[kind] = 0
            if is_known:
                continue
            said = {
                "epoch": self._epoch,
                "step": step,
                "kind": kind,
                "text": found[kind],
            }
            self.said.append(said)
            warnings.warn(
                f"Epoch {self._epoch}, step {step}: {found[kind]}",
                stacklevel=2,
            )
