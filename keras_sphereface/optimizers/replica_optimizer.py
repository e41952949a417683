import keras

from keras_sphereface.backend.keras_internals import (
    learning_rate_of,
    place_of,
    track,
    trained_variables,
)
from keras_sphereface.backend.replica_updates import (
    accumulate,
    clip_sum,
    make_accumulator,
    may_have_replicas,
)
from keras_sphereface.optimizers.update_schedule import UpdateSchedule
from keras_sphereface.optimizers.wrapped_optimizer import WrappedOptimizer

_CLIPS = ("clipnorm", "global_clipnorm", "clipvalue")


@keras.saving.register_keras_serializable(package="keras_sphereface")
class ReplicaOptimizer(WrappedOptimizer):
    """An optimizer that clips and accumulates what all replicas found.

    Under `tf.distribute.MirroredStrategy` Keras clips the gradients of each
    replica before they are summed, which gives other weights than one device,
    and fails on `gradient_accumulation_steps`. This class takes both settings
    over from the optimizer it wraps: gradients are summed first, then clipped,
    and are accumulated on the replica that found them. The result is that of
    one device. On other backends, where Keras is right, nothing is taken over.

    Clipping needs the sum of the gradients before the inner optimizer asks for
    it again, so they cross the devices twice; accumulation adds nothing.

    `replica_safe` wraps an optimizer in this class where it is needed, and
    `FaceRecognizer.compile` calls it.

    Args:
        inner_optimizer: `keras.optimizers.Optimizer` with any of `clipnorm`,
            `global_clipnorm`, `clipvalue` and `gradient_accumulation_steps`.
            A learning-rate schedule counts batches, as in Keras; an average of
            the weights (`use_ema`) moves once per update, where Keras moves it
            once per batch.
        name: str, or `None` for a name of Keras's choice.

    Example:

    ```python
    with strategy.scope():
        optimizer = keras.optimizers.SGD(0.1, global_clipnorm=5.0)
        model.compile(ReplicaOptimizer(optimizer), loss)
    ```
    """

    def __init__(self, inner_optimizer, name=None):
        super().__init__(inner_optimizer, name)
        if isinstance(
            inner_optimizer,
            (ReplicaOptimizer, keras.optimizers.LossScaleOptimizer),
        ):
            raise ValueError(
                "`inner_optimizer` must not be wrapped already; a loss scale "
                "goes around a ReplicaOptimizer. Received: "
                f"inner_optimizer={type(inner_optimizer).__name__}"
            )
        self._taken_over = {}
        if may_have_replicas():
            self._take_over()

    def _take_over(self):
        inner = self.inner_optimizer
        for name in (*_CLIPS, "gradient_accumulation_steps"):
            self._taken_over[name] = getattr(inner, name)
            setattr(inner, name, None)
        schedule, steps = learning_rate_of(inner), self._steps
        if steps and isinstance(
            schedule, keras.optimizers.schedules.LearningRateSchedule
        ):
            inner.learning_rate = UpdateSchedule(schedule, steps)

    @property
    def _steps(self):
        return self._taken_over.get("gradient_accumulation_steps")

    def build(self, variables):
        super().build(variables)
        self._accumulators = []
        for variable in variables if self._steps else ():
            accumulator = make_accumulator(variable)
            track(self, accumulator)
            self._accumulators.append(accumulator)

    def apply(self, grads, trainable_variables=None):
        if trainable_variables is None:
            trainable_variables = trained_variables(self)
        if not self.built:
            self.build(list(trainable_variables))
        if not may_have_replicas():
            self.inner_optimizer.apply(grads, trainable_variables)
        elif self._steps:
            self._accumulate(grads, trainable_variables)
        else:
            self._update(grads, trainable_variables)
        self.batches.assign_add(1)

    def _accumulate(self, grads, variables):
        accumulate(
            grads,
            [self._accumulators[place_of(self, v)] for v in variables],
            lambda means: self._update(means, variables),
            steps=self._steps,
            is_update=(self.batches + 1) % self._steps == 0,
        )

    def _update(self, grads, variables):
        clip = next((c for c in _CLIPS if self._taken_over[c]), None)
        if clip is not None:
            grads = clip_sum(grads, clip, self._taken_over[clip])
        self.inner_optimizer.apply(grads, variables)

    def get_config(self):
        inner = keras.optimizers.serialize(self.inner_optimizer)
        schedule = learning_rate_of(self.inner_optimizer)
        if isinstance(schedule, UpdateSchedule):
            inner["config"]["learning_rate"] = (
                keras.optimizers.schedules.serialize(schedule.schedule)
            )
        inner["config"].update(self._taken_over)
        return {"name": self.name, "inner_optimizer": inner}
