from keras import ops
from keras.optimizers.schedules import LearningRateSchedule
from keras.saving import deserialize_keras_object, serialize_keras_object

from keras_sphereface.backend.values import is_traced
from keras_sphereface.contract.arguments import check_number
from keras_sphereface.heads.class_scale import PUBLISHED_SCALE, class_scale

# A schedule is a function of any kind: its bounds are looked at here.
_STEPS_TO_CHECK = (0, *(10**power for power in range(9)))


class Hyperparameter:
    """A number of a head, which may change while it trains.

    Declared on the class of a head, `margin = Hyperparameter(at_least=1.0)`,
    and first set in its constructor: to a number, or to a
    `keras.optimizers.schedules.LearningRateSchedule`, as the learning rate of
    a Keras optimizer is.

    From `build` on a number lives in a non-trainable variable of the head, so
    that it is saved with the model and a compiled step sees it change. A
    schedule goes by `head.steps`, the training steps that the head counts
    itself: each batch is one, whether or not an optimizer that accumulates
    gradients or a loss scale lets it move weights.

    Reading gives a float, of a schedule that of the next step; inside a
    compiled step, where the number is not known, a variable or a tensor.
    Assigning checks the number; a config keeps what was given first.

    Args:
        reason: str, between the name and "must be" in the error message.
            Defaults to `""`.
        at_least: float, or function from the head to a float. Defaults to
            `None`, no bound.
        above: float. Defaults to `None`, no bound.
        below: float. Defaults to `None`, no bound.
        is_scale: bool, whether `"auto"` may be given too, a scale that goes by
            the number of classes; see `class_scale`. Defaults to `False`.
        published: float, what `"auto"` is for the 85,742 classes of MS1M.
            Defaults to `64.0`.

    Example:

    ```python
    growing = keras.optimizers.schedules.PolynomialDecay(1.0, 2000, 1.4)
    head = SphereFaceRHead(10572, margin=growing)
    ```
    """

    def __init__(
        self,
        reason="",
        *,
        at_least=None,
        above=None,
        below=None,
        is_scale=False,
        published=PUBLISHED_SCALE,
    ):
        self.reason = reason
        self.at_least = at_least
        self.above = above
        self.below = below
        self.is_scale = is_scale
        self.published = published

    def __set_name__(self, owner, name):
        self.name = name
        self._given_name = f"_given_{name}"
        self._variable_name = f"_{name}_variable"

    def __get__(self, head, owner=None):
        if head is None:
            return self
        given = getattr(head, self._given_name)
        variable = getattr(head, self._variable_name, None)
        if isinstance(given, LearningRateSchedule):
            return self._scheduled(head, given)
        if variable is None:
            return self._start(head)
        if is_traced(variable.value):
            return variable
        # By way of the text: 1.4 in float32 reads 1.4, not 1.39999998.
        return float(str(ops.convert_to_numpy(variable)))

    def __set__(self, head, value):
        given = getattr(head, self._given_name, None)
        variable = getattr(head, self._variable_name, None)
        if variable is not None or head.built:
            self._refuse_schedules(given, value)
            variable.assign(self._number(head, value))
            return
        if isinstance(value, dict):  # of a config
            value = deserialize_keras_object(value)
        if isinstance(value, LearningRateSchedule):
            for step in _STEPS_TO_CHECK:
                self._checked(
                    head,
                    float(ops.convert_to_numpy(value(step))),
                    f"at step {step:,} {self.reason}".strip(),
                )
        elif not self._is_auto(value):
            value = self._checked(head, value)
        setattr(head, self._given_name, value)

    def is_scheduled(self, head):
        """Whether the head was given a schedule."""
        return isinstance(getattr(head, self._given_name), LearningRateSchedule)

    def initial(self, head):
        """What the head was made with, for a config.

        Returns:
            Float, `"auto"`, or the config of a schedule.
        """
        given = getattr(head, self._given_name)
        if isinstance(given, LearningRateSchedule):
            return serialize_keras_object(given)
        return given

    def build(self, head):
        """Gives the head its variable, unless a schedule stands for it."""
        if self.is_scheduled(head):
            return
        variable = head.add_weight(
            name=self.name,
            shape=(),
            initializer=lambda shape, dtype: ops.full(
                shape, self._start(head), dtype
            ),
            trainable=False,
            # Set between steps, the same on every replica.
            aggregation="only_first_replica",
        )
        setattr(head, self._variable_name, variable)

    def _start(self, head):
        return self._number(head, getattr(head, self._given_name))

    def _number(self, head, value):
        if self._is_auto(value):
            return class_scale(head.num_classes, self.published)
        return self._checked(head, value)

    def _is_auto(self, value):
        if not self.is_scale or not isinstance(value, str):
            return False
        if value != "auto":
            raise ValueError(
                f'`{self.name}` must be a number above 0 or "auto". '
                f"Received: {self.name}={value!r}"
            )
        return True

    def _scheduled(self, head, schedule):
        steps = ops.convert_to_tensor(head.steps) if head.built else 0
        value = ops.cast(schedule(steps), "float32")
        if is_traced(value):
            return value
        return float(str(ops.convert_to_numpy(value)))

    def _refuse_schedules(self, given, value):
        if isinstance(given, LearningRateSchedule):
            raise ValueError(
                f"`{self.name}` has a schedule, by which compiled steps go "
                "on: it cannot be set. "
                f"Received: {self.name}={value!r}"
            )
        if isinstance(value, LearningRateSchedule):
            raise ValueError(
                f"`{self.name}` takes a schedule in the constructor of the "
                f"head, not once it is built. Received: {self.name}={value!r}"
            )

    def _checked(self, head, value, reason=None):
        at_least = self.at_least
        return check_number(
            self.name,
            value,
            at_least=at_least(head) if callable(at_least) else at_least,
            above=self.above,
            below=self.below,
            reason=self.reason if reason is None else reason,
        )
