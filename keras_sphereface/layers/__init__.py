"""Layers that core Keras lacks or has slower."""

from keras_sphereface.layers.cosine_dense import CosineDense
from keras_sphereface.layers.fused_batch_normalization import (
    FusedBatchNormalization,
)
from keras_sphereface.layers.fused_prelu import FusedPReLU
from keras_sphereface.layers.grouped_conv2d import GroupedConv2D

__all__ = [
    "CosineDense",
    "FusedBatchNormalization",
    "FusedPReLU",
    "GroupedConv2D",
]
