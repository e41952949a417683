from keras import ops

from keras_sphereface.backend import (
    is_traced,
)


class Setting:
    """A number of a head that may change while it trains.

    Declared on the class of a head, `margin = Setting(at_least=1.0)`, and
    first set in its constructor. From `build` on the number lives in a
    non-trainable variable of the head, so that it is saved with the model and
    a compiled step sees it change.

    Reading gives a float; inside a compiled step, where the number is not
    known, the variable. Assigning checks the number; a config keeps the first.

    Args:
        reason: str, between the name and "must be" in the error message.
            Defaults to `""`.
        at_least: float, or function from the head to a float. Defaults to
            `None`, no bound.
        above: float. Defaults to `None`, no bound.
        below: float. Defaults to `None`, no bound.
    """

    def __init__(self, reason="", *, at_least=None, above=None, below=None):
        self.reason = reason
        self.at_least = at_least
        self.above = above
        self.below = below

    def __set_name__(self, owner, name):
        self.name = name
        self._initial_name = f"_initial_{name}"
        self._variable_name = f"_{name}_variable"

    def __get__(self, head, owner=None):
        if head is None:
            return self
        variable = getattr(head, self._variable_name, None)
        if variable is None:
            return self.initial(head)
        if is_traced(variable.value):
            return variable
        # By way of the text: 1.4 in float32 reads 1.4, not 1.39999998.
        return float(str(ops.convert_to_numpy(variable)))

    def __set__(self, head, value):
        number = self._checked(head, value)
        variable = getattr(head, self._variable_name, None)
        if variable is None:
            setattr(head, self._initial_name, number)
        else:
            variable.assign(number)

    def initial(self, head):
        """The number that the head was made with, a float."""
        return getattr(head, self._initial_name)

    def build(self, head):
        """Gives the head its variable."""
        variable = head.add_weight(
            name=self.name,
            shape=(),
            initializer=lambda shape, dtype: ops.full(
                shape, self.initial(head), dtype
            ),
            trainable=False,
            # Set between steps, the same on every replica.
            aggregation="only_first_replica",
        )
        setattr(head, self._variable_name, variable)

    def _checked(self, head, value):
        bounds = {
            "at least": self.at_least(head)
            if callable(self.at_least)
            else self.at_least,
            "above": self.above,
            "below": self.below,
        }
        bounds = {
            word: bound for word, bound in bounds.items() if bound is not None
        }
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = float("nan")
        holds = {"at least": float.__ge__, "above": float.__gt__}
        holds["below"] = float.__lt__
        if number != number or not all(
            holds[word](number, float(bound)) for word, bound in bounds.items()
        ):
            expected = " and ".join(
                f"{word} {bound:g}" for word, bound in bounds.items()
            )
            reason = f" {self.reason}" if self.reason else ""
            raise ValueError(
                f"`{self.name}`{reason} must be {expected or 'a number'}. "
                f"Received: {self.name}={value!r}"
            )
        return number
