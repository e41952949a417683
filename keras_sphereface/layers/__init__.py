"""Layers that core Keras lacks or has slower."""

from keras_sphereface.layers.channel_scale import ChannelScale
from keras_sphereface.layers.cosine_dense import CosineDense
from keras_sphereface.layers.cross_covariance import CrossCovariance
from keras_sphereface.layers.fourier_positions import FourierPositions
from keras_sphereface.layers.fused_batch_normalization import (
    FusedBatchNormalization,
)
from keras_sphereface.layers.fused_prelu import FusedPReLU
from keras_sphereface.layers.grouped_conv2d import GroupedConv2D
from keras_sphereface.layers.self_attention import SelfAttention
from keras_sphereface.layers.token_positions import TokenPositions

__all__ = [
    "ChannelScale",
    "CosineDense",
    "CrossCovariance",
    "FourierPositions",
    "FusedBatchNormalization",
    "FusedPReLU",
    "GroupedConv2D",
    "SelfAttention",
    "TokenPositions",
]
