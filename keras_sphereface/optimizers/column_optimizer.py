import keras
from keras import ops


@keras.saving.register_keras_serializable(package="keras_sphereface")
class ColumnOptimizer(keras.optimizers.Optimizer):
    """An optimizer that leaves the centres of classes not sampled alone.

    A head with `sample_rate` below 1 has gradients for some of its centres.
    Momentum and weight decay would move the others all the same. Here a
    column of the centres whose gradient is exactly zero keeps its value, to
    the bit, and what the optimizer remembers of it: its momentum waits and its
    weight does not decay until the class is sampled again.

    `FaceRecognizer.compile` wraps the optimizer of such a head by itself; a
    model of your own needs it.

    Args:
        inner_optimizer: `keras.optimizers.Optimizer`, without
            `gradient_accumulation_steps`.
        name: str, or `None` for a name of Keras's choice.

    Example:

    ```python
    optimizer = keras.optimizers.SGD(0.1, momentum=0.9, weight_decay=5e-4)
    model.compile(ColumnOptimizer(optimizer), losses.PrecomputedLoss())
    ```
    """

    def __init__(self, inner_optimizer, name=None):
        if not isinstance(inner_optimizer, keras.optimizers.Optimizer):
            raise ValueError(
                "`inner_optimizer` must be a keras.optimizers.Optimizer. "
                f"Received: inner_optimizer={inner_optimizer!r}"
            )
        steps = getattr(inner_optimizer, "gradient_accumulation_steps", None)
        if steps:
            raise ValueError(
                "`gradient_accumulation_steps` must be left out with sampled "
                "classes: each batch samples others. "
                f"Received: gradient_accumulation_steps={steps}"
            )
        super().__init__(learning_rate=0.0, name=name)
        self.inner_optimizer = inner_optimizer

    def build(self, variables):
        super().build(variables)
        self.inner_optimizer.build(variables)

    def apply(self, grads, trainable_variables=None):
        if trainable_variables is None:
            trainable_variables = self._trainable_variables
        if not self.built:
            self.build(list(trainable_variables))
        kept = []
        for grad, variable in zip(grads, trainable_variables, strict=True):
            if grad is None or not getattr(variable, "moves_by_column", False):
                continue
            moves = ops.any(ops.convert_to_tensor(grad) != 0, axis=0)
            for state in (variable, *self._memories(variable)):
                kept.append((state, _copy(state), moves))
        self.inner_optimizer.apply(grads, trainable_variables)
        for state, before, moves in kept:
            state.assign(ops.where(moves, ops.convert_to_tensor(state), before))
        self._iterations.assign_add(1)

    def _memories(self, variable):
        """What the inner optimizer remembers of each entry of a variable."""
        name = variable.path.replace("/", "_")
        return [
            state
            for state in self.inner_optimizer.variables
            if state.shape == variable.shape and name in state.path
        ]

    @property
    def variables(self):
        return self._variables + self.inner_optimizer.variables

    @property
    def learning_rate(self):
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, learning_rate):
        self.inner_optimizer.learning_rate = learning_rate

    @property
    def iterations(self):
        return self.inner_optimizer.iterations

    def scale_loss(self, loss):
        return self.inner_optimizer.scale_loss(loss)

    def finalize_variable_values(self, var_list):
        self.inner_optimizer.finalize_variable_values(var_list)

    def get_config(self):
        return {
            "name": self.name,
            "inner_optimizer": keras.optimizers.serialize(self.inner_optimizer),
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        config["inner_optimizer"] = keras.optimizers.deserialize(
            config["inner_optimizer"], custom_objects=custom_objects
        )
        return cls(**config)


def _copy(variable):
    # A variable may be changed in place.
    return ops.copy(ops.convert_to_tensor(variable))
