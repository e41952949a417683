"""The two blocks of EdgeNeXt, with dense layers that may be of low rank."""

import math

import keras
from keras import ops

from keras_sphereface.layers import (
    ChannelScale,
    CrossCovariance,
    FourierPositions,
)

LAYER_NORM_EPSILON = 1e-6
MLP_RATIO = 4


def conv_block(
    inputs, kernel_size, *, rank_ratio, layer_scale, drop_path, name
):
    """A depthwise convolution and two dense layers, beside an identity.

    Args:
        inputs: symbolic tensor, `(batch_size, height, width, channels)`.
        kernel_size: int, odd.
        rank_ratio: float in `(0, 1)`, or `None` for full rank.
        layer_scale: float, first value of the factors on the channels.
        drop_path: float in `[0, 1)`, share of the images that skip the block.
        name: str, before the names of the layers.

    Returns:
        Symbolic tensor of the shape of `inputs`.
    """
    x = _depthwise(inputs, kernel_size, name=f"{name}_depthwise")
    x = layer_normalization(f"{name}_norm")(x)
    x = _mlp(x, rank_ratio, name=name)
    x = ChannelScale(layer_scale, name=f"{name}_scale")(x)
    x = _drop_path(x, drop_path, name=f"{name}_drop")
    return keras.layers.Add(name=f"{name}_add")([inputs, x])


def attention_block(
    inputs,
    *,
    scales,
    num_heads,
    has_positions,
    rank_ratio,
    layer_scale,
    drop_path,
    name,
):
    """Split depthwise convolutions, cross-covariance attention, dense layers.

    The identity stands beside all three together; the attention has another
    one beside it.

    Args:
        inputs: as for `conv_block`.
        scales: int, groups of channels, the last of which is not convolved.
        num_heads: int, of the attention.
        has_positions: bool, whether places are coded before the attention.
        rank_ratio: as for `conv_block`.
        layer_scale: as for `conv_block`.
        drop_path: as for `conv_block`.
        name: as for `conv_block`.

    Returns:
        Symbolic tensor of the shape of `inputs`.
    """
    channels = inputs.shape[-1]
    middle = _split_depthwise(inputs, scales, name=name)
    if has_positions:
        middle = FourierPositions(name=f"{name}_positions")(middle)
    x = layer_normalization(f"{name}_attention_norm")(middle)
    x = pointwise(x, 3 * channels, rank_ratio=rank_ratio, name=f"{name}_qkv")
    x = CrossCovariance(num_heads, name=f"{name}_attention")(x)
    x = pointwise(x, channels, rank_ratio=rank_ratio, name=f"{name}_project")
    x = ChannelScale(layer_scale, name=f"{name}_attention_scale")(x)
    x = _drop_path(x, drop_path, name=f"{name}_attention_drop")
    x = keras.layers.Add(name=f"{name}_attention_add")([middle, x])
    x = layer_normalization(f"{name}_norm")(x)
    x = _mlp(x, rank_ratio, name=name)
    x = ChannelScale(layer_scale, name=f"{name}_scale")(x)
    x = _drop_path(x, drop_path, name=f"{name}_drop")
    return keras.layers.Add(name=f"{name}_add")([inputs, x])


def downsample(inputs, filters, *, name):
    """Normalization and a convolution of 2x2 places that do not overlap."""
    x = layer_normalization(f"{name}_norm")(inputs)
    return keras.layers.Conv2D(
        filters,
        2,
        2,
        kernel_initializer=truncated_normal(),
        data_format="channels_last",
        name=name,
    )(x)


def pointwise(inputs, units, *, rank_ratio=None, name):
    """A dense layer over the channels of each place, as a 1x1 convolution.

    Of low rank it is two, `{name}_reduce` and `name`, which start as PyTorch's
    linear layers do.

    A `keras.layers.Dense` on a map would ask for its shape at run time, in
    TFLite too.

    Args:
        inputs: symbolic tensor, `(batch_size, height, width, channels)`.
        units: int, channels of the output.
        rank_ratio: float in `(0, 1)`, or `None` for full rank. Defaults to
            `None`.
        name: str, name of the layer.

    Returns:
        Symbolic tensor, `(batch_size, height, width, units)`.
    """
    settings = {"data_format": "channels_last"}
    if rank_ratio is None:
        return keras.layers.Conv2D(
            units,
            1,
            kernel_initializer=truncated_normal(),
            name=name,
            **settings,
        )(inputs)
    x = keras.layers.Conv2D(
        rank_of(inputs.shape[-1], units, rank_ratio),
        1,
        use_bias=False,
        kernel_initializer=linear_uniform(),
        name=f"{name}_reduce",
        **settings,
    )(inputs)
    return keras.layers.Conv2D(
        units, 1, kernel_initializer=linear_uniform(), name=name, **settings
    )(x)


def rank_of(inputs, units, rank_ratio):
    """Width between the two layers that stand for a dense one.

    Args:
        inputs: int, channels of the layer's input.
        units: int, channels of its output.
        rank_ratio: float in `(0, 1)`.

    Returns:
        Int, at least 2.
    """
    return max(2, int(min(inputs, units) * rank_ratio))


def layer_normalization(name):
    """Normalization over the channels of each place."""
    return keras.layers.LayerNormalization(
        epsilon=LAYER_NORM_EPSILON, name=name
    )


def truncated_normal():
    """The initializer of kernels of full rank."""
    return keras.initializers.TruncatedNormal(stddev=0.02)


def linear_uniform():
    """Uniform in +-1/sqrt(fan_in), PyTorch's own for a linear layer."""
    return keras.initializers.VarianceScaling(
        scale=1 / 3, mode="fan_in", distribution="uniform"
    )


def _mlp(inputs, rank_ratio, *, name):
    channels = inputs.shape[-1]
    x = pointwise(
        inputs,
        MLP_RATIO * channels,
        rank_ratio=rank_ratio,
        name=f"{name}_mlp1",
    )
    x = keras.layers.Activation("gelu", name=f"{name}_act")(x)
    return pointwise(x, channels, rank_ratio=rank_ratio, name=f"{name}_mlp2")


def _split_depthwise(inputs, scales, *, name):
    channels = inputs.shape[-1]
    width = math.ceil(channels / scales)
    places = list(range(width, channels, width))
    parts = ops.split(inputs, places, axis=-1)
    outputs = []
    for number, part in enumerate(parts[:-1], start=1):
        if outputs:
            part = keras.layers.Add(name=f"{name}_split_add{number}")(
                [outputs[-1], part]
            )
        outputs.append(_depthwise(part, 3, name=f"{name}_depthwise{number}"))
    return keras.layers.Concatenate(name=f"{name}_concat")(
        [*outputs, parts[-1]]
    )


def _depthwise(inputs, kernel_size, *, name):
    return keras.layers.DepthwiseConv2D(
        kernel_size,
        padding="same",
        depthwise_initializer=truncated_normal(),
        data_format="channels_last",
        name=name,
    )(inputs)


def _drop_path(inputs, rate, *, name):
    """Dropout of whole images, stochastic depth."""
    if not rate:
        return inputs
    return keras.layers.Dropout(rate, noise_shape=(None, 1, 1, 1), name=name)(
        inputs
    )
