"""Optimizers that stay right on many devices."""

from keras_sphereface.optimizers.replica_loss_scale_optimizer import (
    ReplicaLossScaleOptimizer,
)

__all__ = ["ReplicaLossScaleOptimizer"]
