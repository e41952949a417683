"""The inverted residual of MobileNetV2 and the MobileFaceNets."""

import keras

from keras_sphereface.backbones.conv_unit import conv_unit


def bottleneck(
    inputs, filters, *, hidden_filters, strides, batch_norm, activation, name
):
    """1x1 convolution up, depthwise 3x3, linear 1x1 convolution down.

    The input is added where the shape stays the same.

    Args:
        inputs: symbolic tensor, `(batch_size, height, width, channels)`.
        filters: int, output channels.
        hidden_filters: int, channels of the depthwise convolution.
        strides: int, of the depthwise convolution.
        batch_norm: bool, see `conv_unit`.
        activation: str, see `conv_unit`.
        name: str; the convolutions are `{name}_expand`, `{name}_depthwise`
            and `{name}_project`.

    Returns:
        Symbolic tensor, `(batch_size, height / strides, width / strides,
        filters)`.

    Reference:
        - [Sandler et al., 2018](https://arxiv.org/abs/1801.04381)
    """
    settings = {"batch_norm": batch_norm, "activation": activation}
    x = conv_unit(
        inputs,
        hidden_filters,
        kernel_size=1,
        name=f"{name}_expand",
        **settings,
    )
    x = conv_unit(
        x, None, strides=strides, name=f"{name}_depthwise", **settings
    )
    # Linear: an activation would lose information in this narrow layer.
    x = conv_unit(
        x,
        filters,
        kernel_size=1,
        batch_norm=batch_norm,
        name=f"{name}_project",
    )
    if strides == 1 and inputs.shape[-1] == filters:
        x = keras.layers.Add(name=f"{name}_add")([inputs, x])
    return x
