import keras

from keras_sphereface.backend.replica_updates import has_strategy
from keras_sphereface.optimizers.replica_loss_scale_optimizer import (
    ReplicaLossScaleOptimizer,
)
from keras_sphereface.optimizers.replica_optimizer import ReplicaOptimizer

_NEEDS_THE_SUM = (
    "clipnorm",
    "global_clipnorm",
    "clipvalue",
    "gradient_accumulation_steps",
)


def replica_safe(optimizer, *, loss_scale=False):
    """The optimizer, wrapped where Keras would go wrong on many replicas.

    Call it in the scope of the strategy. Clipping and accumulation are wrapped
    in a `ReplicaOptimizer` if there is a strategy, loss scaling in a
    `ReplicaLossScaleOptimizer`; what needs no wrapping comes back as it is.
    `FaceRecognizer.compile` calls this itself; a model of your own needs it.

    Args:
        optimizer: `keras.optimizers.Optimizer`, or the name of one.
        loss_scale: bool, whether to scale the loss, as `mixed_float16` needs.
            A `keras.optimizers.LossScaleOptimizer` stays one in any case.
            Defaults to `False`.

    Returns:
        `keras.optimizers.Optimizer`.

    Example:

    ```python
    with strategy.scope():
        optimizer = keras.optimizers.AdamW(1e-3, global_clipnorm=1.0)
        model.compile(replica_safe(optimizer), loss)
    ```
    """
    optimizer = keras.optimizers.get(optimizer)
    if isinstance(optimizer, ReplicaLossScaleOptimizer):
        optimizer.inner_optimizer = _summed(optimizer.inner_optimizer)
        return optimizer
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        return ReplicaLossScaleOptimizer(
            _summed(optimizer.inner_optimizer),
            initial_scale=optimizer.initial_scale,
            dynamic_growth_steps=optimizer.dynamic_growth_steps,
        )
    optimizer = _summed(optimizer)
    return ReplicaLossScaleOptimizer(optimizer) if loss_scale else optimizer


def _summed(optimizer):
    if (
        isinstance(optimizer, ReplicaOptimizer)
        or not has_strategy()
        or not any(getattr(optimizer, name, None) for name in _NEEDS_THE_SUM)
    ):
        return optimizer
    return ReplicaOptimizer(optimizer)
