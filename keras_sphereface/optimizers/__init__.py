"""Optimizers by name, and those that stay right on many devices."""

from keras_sphereface.optimizers.column_optimizer import ColumnOptimizer
from keras_sphereface.optimizers.registry import (
    defaults,
    get,
    names,
    optimizer_class,
    register,
)
from keras_sphereface.optimizers.replica_loss_scale_optimizer import (
    ReplicaLossScaleOptimizer,
)
from keras_sphereface.optimizers.replica_optimizer import ReplicaOptimizer
from keras_sphereface.optimizers.replica_safe import replica_safe
from keras_sphereface.optimizers.warm_up import WarmUp

__all__ = [
    "ColumnOptimizer",
    "ReplicaLossScaleOptimizer",
    "ReplicaOptimizer",
    "WarmUp",
    "defaults",
    "get",
    "names",
    "optimizer_class",
    "register",
    "replica_safe",
]
