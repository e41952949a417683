"""The convolution, normalization and activation that all backbones repeat."""

import keras

from keras_sphereface.contract.arguments import check_choice
from keras_sphereface.layers import (
    FusedBatchNormalization,
    FusedPReLU,
    GroupedConv2D,
)

# PyTorch's values, so that weights trained there give the same embeddings.
BATCH_NORM_EPSILON = 1e-5
BATCH_NORM_MOMENTUM = 0.9
PRELU_SLOPE = 0.25


def conv_unit(
    inputs,
    filters,
    *,
    kernel_size=3,
    strides=1,
    groups=1,
    padding="symmetric",
    batch_norm=True,
    activation=None,
    kernel_initializer=None,
    gamma_initializer="ones",
    name,
):
    """Convolution, then batch normalization, then activation.

    By default all sides of the input get the same number of zeros, also at
    stride 2, where Keras's `padding="same"` pads an even-sized map only below
    and to the right. This is what PyTorch and Caffe do, so weights trained
    there mean the same here.

    The convolution is called `name`; `{name}_pad`, `{name}_bn` and
    `{name}_act` stand around it where needed.

    Args:
        inputs: symbolic tensor, `(batch_size, height, width, channels)`.
        filters: int, output channels. `None` makes the convolution depthwise,
            one filter per channel.
        kernel_size: int, odd, or two at stride 1. Defaults to `3`.
        strides: int. Defaults to `1`.
        groups: int, parts of the channels that do not see each other. Defaults
            to `1`.
        padding: `"symmetric"`, or `"same"` for networks that were trained
            with Keras's. Defaults to `"symmetric"`.
        batch_norm: bool. Without it the convolution has a bias. Defaults to
            `True`.
        activation: `"prelu"`, `"relu"`, or `None` for a linear unit. Defaults
            to `None`.
        kernel_initializer: Keras initializer; `None` means
            `he_fan_out_normal()`. Defaults to `None`.
        gamma_initializer: Keras initializer of the scale of the batch norm.
            Defaults to `"ones"`.
        name: str, name of the convolution.

    Returns:
        Symbolic tensor, `(batch_size, height / strides, width / strides,
        filters or channels)`.
    """
    if kernel_initializer is None:
        kernel_initializer = he_fan_out_normal()
    # An initializer draws the same values every time it is called, so each
    # layer needs its own.
    kernel_initializer = keras.initializers.get(kernel_initializer).clone()
    x = inputs
    is_symmetric = padding == "symmetric"
    padding = "same"
    if is_symmetric and strides > 1 and kernel_size > 1:
        x = keras.layers.ZeroPadding2D(
            kernel_size // 2, data_format="channels_last", name=f"{name}_pad"
        )(x)
        padding = "valid"
    settings = {
        "strides": strides,
        "padding": padding,
        "use_bias": not batch_norm,
        "data_format": "channels_last",
        "name": name,
    }
    if filters is None:
        convolution = keras.layers.DepthwiseConv2D(
            kernel_size, depthwise_initializer=kernel_initializer, **settings
        )
    elif groups > 1:
        convolution = GroupedConv2D(
            filters,
            kernel_size,
            groups=groups,
            kernel_initializer=kernel_initializer,
            **settings,
        )
    else:
        convolution = keras.layers.Conv2D(
            filters,
            kernel_size,
            kernel_initializer=kernel_initializer,
            **settings,
        )
    x = convolution(x)
    if batch_norm:
        x = batch_normalization(
            gamma_initializer=gamma_initializer, name=f"{name}_bn"
        )(x)
    if activation is not None:
        x = activation_layer(activation, name=f"{name}_act")(x)
    return x


def batch_normalization(*, gamma_initializer="ones", name):
    """Batch normalization with the momentum and epsilon of PyTorch."""
    return FusedBatchNormalization(
        momentum=BATCH_NORM_MOMENTUM,
        epsilon=BATCH_NORM_EPSILON,
        gamma_initializer=gamma_initializer,
        name=name,
    )


def activation_layer(activation, *, name):
    """The layer of an activation's name.

    Args:
        activation: `"prelu"`, one slope per channel, `0.25` at the start; or
            `"relu"`.
        name: str, name of the layer.

    Returns:
        Keras layer.
    """
    check_choice("activation", activation, ("prelu", "relu"))
    if activation == "prelu":
        return FusedPReLU(
            alpha_initializer=keras.initializers.Constant(PRELU_SLOPE),
            shared_axes=[1, 2],
            name=name,
        )
    return keras.layers.ReLU(name=name)


def he_fan_out_normal(gain=1.0):
    """Normal weights of variance `2 gain^2 / fan_out`, for ReLU networks.

    The variance of gradients is kept from the output to the input.

    Args:
        gain: float, factor on all weights. Defaults to `1.0`.

    Returns:
        Keras initializer.

    Reference:
        - [He et al., 2015](https://arxiv.org/abs/1502.01852)
    """
    return keras.initializers.VarianceScaling(
        scale=2.0 * gain**2, mode="fan_out", distribution="untruncated_normal"
    )
