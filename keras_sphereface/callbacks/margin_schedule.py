import functools
import math

import keras
from keras import ops

from keras_sphereface.callbacks.trained_parts import find_head
from keras_sphereface.contract.arguments import (
    check_choice,
    check_integer,
    check_sizes,
)


class MarginSchedule(keras.callbacks.Callback):
    """Sets the margin of a head while it trains.

    A margin that is at its height from the first step may keep training from
    getting started; one that grows does not. The same goes for any other
    hyperparameter of the head, such as its scale.

    The step is that of the optimizer, which is saved with the model, so a run
    that is resumed continues where it stopped. The value is added to the logs
    of each epoch by its name.

    Args:
        schedule: callable from the step, an int, to the number; one of the
            class methods makes it, and a
            `keras.optimizers.schedules.LearningRateSchedule` is one.
        setting: str, name of the hyperparameter. Defaults to `"margin"`.
        head: `MarginHead`. Defaults to `None`, the one of the trained model.

    Example:

    ```python
    # The growing margin of SphereFace-R without normalization.
    head = SphereFaceRHead(10572, normalization="none", margin=1.0)
    schedule = MarginSchedule.step(start=1.0, increment=0.1, at=[2000, 4000])
    FaceRecognizer(embedder, head).fit(dataset, callbacks=[schedule])
    ```
    """

    def __init__(self, schedule, setting="margin", head=None):
        super().__init__()
        if not callable(schedule):
            raise ValueError(
                "`schedule` must be a callable from the step to the number. "
                f"Received: schedule={schedule!r}"
            )
        self.schedule = schedule
        self.setting = setting
        self._given_head = head
        self._value = None

    @classmethod
    def step(cls, start, increment, at, **kwargs):
        """Grows by `increment` at each of some steps.

        Args:
            start: float, before the first of them.
            increment: float.
            at: list of int, the steps.
            **kwargs: `setting` and `head` of `MarginSchedule`.

        Returns:
            `MarginSchedule`.
        """
        at = sorted(check_sizes("at", at, at_least=0))
        if not at:
            raise ValueError(
                "`at` must have at least one step: without, the number never "
                f"grows. Received: at={at}"
            )
        return cls(
            functools.partial(
                _step_growth, start=start, increment=increment, at=at
            ),
            **kwargs,
        )

    @classmethod
    def linear(cls, start, end, steps, **kwargs):
        """Goes in a straight line from `start` to `end`, and stays there.

        Args:
            start: float, at step 0.
            end: float, from step `steps` on.
            steps: int, at least 1.
            **kwargs: `setting` and `head` of `MarginSchedule`.

        Returns:
            `MarginSchedule`.
        """
        return cls._warm_up(_linear_growth, start, end, steps, kwargs)

    @classmethod
    def cosine(cls, start, end, steps, **kwargs):
        """Goes along half a cosine from `start` to `end`, and stays there.

        Args:
            start: float, at step 0.
            end: float, from step `steps` on.
            steps: int, at least 1.
            **kwargs: `setting` and `head` of `MarginSchedule`.

        Returns:
            `MarginSchedule`.
        """
        return cls._warm_up(_cosine_growth, start, end, steps, kwargs)

    @classmethod
    def _warm_up(cls, growth, start, end, steps, kwargs):
        steps = check_integer("steps", steps, at_least=1)
        schedule = functools.partial(growth, start=start, end=end, steps=steps)
        return cls(schedule, **kwargs)

    def on_train_begin(self, logs=None):
        head = find_head(self.model, self._given_head)
        settings = type(head).hyperparameters()
        check_choice(
            "setting",
            self.setting,
            settings,
            reason=f"is a hyperparameter of {type(head).__name__}, so it",
        )
        self._value = None

    def on_epoch_begin(self, epoch, logs=None):
        # `int` of a variable with replicas is not defined.
        iterations = self.model.optimizer.iterations
        self._first_step = int(ops.convert_to_numpy(iterations))
        self._set(0)

    def on_train_batch_begin(self, batch, logs=None):
        self._set(batch)

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            logs[self.setting] = self._value

    def _set(self, batch):
        value = float(self.schedule(self._first_step + batch))
        if value != self._value:
            # On JAX, asking for the model brings its variables up to date,
            # and makes the next step read them.
            head = find_head(self.model, self._given_head)
            setattr(head, self.setting, value)
            self._value = value


def _step_growth(step, start, increment, at):
    return start + increment * sum(step >= each for each in at)


def _linear_growth(step, start, end, steps):
    return start + (end - start) * min(step / steps, 1.0)


def _cosine_growth(step, start, end, steps):
    share = (1.0 - math.cos(math.pi * min(step / steps, 1.0))) / 2.0
    return start + (end - start) * share
