import keras
from keras import ops

from keras_sphereface.backend.keras_internals import slots_of, trained_variables
from keras_sphereface.optimizers.wrapped_optimizer import WrappedOptimizer


@keras.saving.register_keras_serializable(package="keras_sphereface")
class ColumnOptimizer(WrappedOptimizer):
    """An optimizer that leaves the centers of classes not sampled alone.

    A head with `sample_rate` below 1 has gradients for some of its centers.
    Momentum and weight decay would move the others too. Here a
    column of the centers whose gradient is exactly zero keeps its value, to
    the bit, and what the optimizer remembers of it: its momentum waits and its
    weight does not decay until the class is sampled again.

    `FaceRecognizer.compile` wraps the optimizer of such a head itself; a
    model of your own needs it.

    Args:
        inner_optimizer: `keras.optimizers.Optimizer`, without
            `gradient_accumulation_steps`. What it remembers must be shaped
            like the weights, as in all of Keras but `Adafactor`.
        name: str, or `None` for a name of Keras's choice.

    Example:

    ```python
    optimizer = keras.optimizers.SGD(0.1, momentum=0.9, weight_decay=5e-4)
    model.compile(ColumnOptimizer(optimizer), losses.PrecomputedLoss())
    ```
    """

    def __init__(self, inner_optimizer, name=None):
        super().__init__(inner_optimizer, name)
        steps = getattr(inner_optimizer, "gradient_accumulation_steps", None)
        if steps:
            raise ValueError(
                "`gradient_accumulation_steps` must be left out with sampled "
                "classes: each batch samples others. "
                f"Received: gradient_accumulation_steps={steps}"
            )

    def build(self, variables):
        super().build(variables)
        # Before the first step it can still be refused.
        for variable in filter(_moves_by_column, variables):
            slots_of(self.inner_optimizer, variable)

    def apply(self, grads, trainable_variables=None):
        if trainable_variables is None:
            trainable_variables = trained_variables(self)
        if not self.built:
            self.build(list(trainable_variables))
        kept = []
        for grad, variable in zip(grads, trainable_variables, strict=True):
            if grad is None or not _moves_by_column(variable):
                continue
            moves = ops.any(ops.convert_to_tensor(grad) != 0, axis=0)
            for state in (variable, *slots_of(self.inner_optimizer, variable)):
                kept.append((state, _copy(state), moves))
        self.inner_optimizer.apply(grads, trainable_variables)
        for state, before, moves in kept:
            state.assign(ops.where(moves, ops.convert_to_tensor(state), before))
        self.batches.assign_add(1)


def _moves_by_column(variable):
    return getattr(variable, "moves_by_column", False)


def _copy(variable):
    # A variable may be changed in place.
    return ops.copy(ops.convert_to_tensor(variable))
