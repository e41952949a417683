"""Optimizers that stay right on many devices and with sampled classes."""

from keras_sphereface.optimizers.column_optimizer import ColumnOptimizer
from keras_sphereface.optimizers.replica_loss_scale_optimizer import (
    ReplicaLossScaleOptimizer,
)
from keras_sphereface.optimizers.replica_optimizer import ReplicaOptimizer
from keras_sphereface.optimizers.replica_safe import replica_safe

__all__ = [
    "ColumnOptimizer",
    "ReplicaLossScaleOptimizer",
    "ReplicaOptimizer",
    "replica_safe",
]
