"""Layers that core Keras lacks or has slower."""

from keras_sphereface.layers.fused_batch_normalization import (
    FusedBatchNormalization,
)

__all__ = ["FusedBatchNormalization"]
