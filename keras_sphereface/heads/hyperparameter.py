from keras import ops

from keras_sphereface.backend.values import is_traced
from keras_sphereface.contract.arguments import check_number


class Hyperparameter:
    """A hyperparameter of a head, which may change while it trains.

    Declared on the class of a head, `margin = Hyperparameter(at_least=1.0)`,
    and first set in its constructor. From `build` on the number lives in a
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
        at_least = self.at_least
        return check_number(
            self.name,
            value,
            at_least=at_least(head) if callable(at_least) else at_least,
            above=self.above,
            below=self.below,
            reason=self.reason,
        )
