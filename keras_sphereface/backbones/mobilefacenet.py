"""MobileFaceNet, inverted residuals with a global depthwise neck."""

from typing import NamedTuple

import keras

from keras_sphereface.backbones.bottleneck import bottleneck
from keras_sphereface.backbones.conv_unit import conv_unit
from keras_sphereface.backbones.input_shape import check_input_shape
from keras_sphereface.backbones.registry import register
from keras_sphereface.contract.arguments import check_number


class _Stage(NamedTuple):
    expansion: int
    filters: int
    blocks: int
    strides: int


class _Layout(NamedTuple):
    stem_filters: int
    stem_depthwise_strides: int
    stages: tuple
    top_filters: int


# Table 1 of the paper.
_PAPER = _Layout(
    stem_filters=64,
    stem_depthwise_strides=1,
    stages=(
        _Stage(expansion=2, filters=64, blocks=5, strides=2),
        _Stage(expansion=4, filters=128, blocks=1, strides=2),
        _Stage(expansion=2, filters=128, blocks=6, strides=1),
        _Stage(expansion=4, filters=128, blocks=1, strides=2),
        _Stage(expansion=2, filters=128, blocks=2, strides=1),
    ),
    top_filters=512,
)

# Training on a CPU spends its time on passes over large maps, less on
# multiply-adds: the stem halves the map twice before any layer widens it.
_SMALL = _Layout(
    stem_filters=16,
    stem_depthwise_strides=2,
    stages=(
        _Stage(expansion=2, filters=48, blocks=3, strides=2),
        _Stage(expansion=4, filters=96, blocks=1, strides=2),
        _Stage(expansion=2, filters=96, blocks=2, strides=1),
    ),
    top_filters=256,
)


@register("mobilefacenet", neck="gdconv")
def mobilefacenet(
    input_shape=(112, 112, 3),
    *,
    width_multiplier=1.0,
    batch_norm=True,
    activation="prelu",
    name="mobilefacenet",
):
    """The primary MobileFaceNet up to its last feature map.

    A strided 3x3 convolution, a depthwise one, fifteen inverted bottlenecks
    and a 1x1 convolution. The paper's global depthwise convolution and linear
    embedding follow in the `"gdconv"` neck of `build_embedding_model`.

    With that neck and 128 values, at 112x112: 221.0 M multiply-adds, as the
    paper says (189.4 M at 112x96), and 1.00 M trainable parameters, which are
    the paper's 0.99 M once every batch norm is folded into a bias.

    Args:
        input_shape: `(height, width, channels)`, height and width multiples
            of 16. Defaults to `(112, 112, 3)`.
        width_multiplier: float above 0, factor on all channel counts, which
            are rounded to multiples of 8. Defaults to `1.0`.
        batch_norm: bool, batch normalization after every convolution, which
            then has no bias. Defaults to `True`.
        activation: `"prelu"` with one slope per channel, or `"relu"`. Defaults
            to `"prelu"`.
        name: str, name of the model. Defaults to `"mobilefacenet"`.

    Returns:
        `keras.Model`, images scaled to `[-1, 1]`, `(batch_size, height, width,
        channels)`, to a feature map, `(batch_size, height / 16, width / 16,
        512 * width_multiplier)`.

    Reference:
        - [Chen et al., 2018](https://arxiv.org/abs/1804.07573)
    """
    return _build(
        _PAPER, input_shape, width_multiplier, batch_norm, activation, name
    )


@register("mobilefacenet_small", neck="gdconv")
def mobilefacenet_small(
    input_shape=(112, 112, 3),
    *,
    width_multiplier=1.0,
    batch_norm=True,
    activation="relu",
    name="mobilefacenet_small",
):
    """A MobileFaceNet that trains on a CPU in minutes.

    The depthwise convolution of the stem halves the map as well, and the last
    stages keep 7x7, so the wide layers start at 28x28 instead of 56x56. Six
    bottlenecks instead of fifteen, up to 96 channels instead of 128, and ReLU
    by default, which trains 1.6 times as fast as PReLU on a CPU and costs
    nothing on a device. With a gdconv neck and 128 values, at 112x112: 14.0 M
    multiply-adds (12.0 M at 112x96), 16 times fewer than `mobilefacenet`, and
    0.20 M trainable parameters.

    Args:
        input_shape: as for `mobilefacenet`.
        width_multiplier: as for `mobilefacenet`, relative to this network.
        batch_norm: as for `mobilefacenet`.
        activation: `"relu"`, or `"prelu"` as in the paper. Defaults to
            `"relu"`.
        name: str, name of the model. Defaults to `"mobilefacenet_small"`.

    Returns:
        `keras.Model`, as `mobilefacenet`, with `256 * width_multiplier`
        output channels.
    """
    return _build(
        _SMALL, input_shape, width_multiplier, batch_norm, activation, name
    )


def _build(layout, input_shape, width_multiplier, batch_norm, activation, name):
    width_multiplier = check_number(
        "width_multiplier", width_multiplier, above=0
    )

    def width(filters):
        return max(8, round(filters * width_multiplier / 8) * 8)

    settings = {"batch_norm": batch_norm, "activation": activation}
    images = keras.Input(check_input_shape(input_shape), name="images")
    x = conv_unit(
        images,
        width(layout.stem_filters),
        strides=2,
        name="stem",
        **settings,
    )
    x = conv_unit(
        x,
        None,
        strides=layout.stem_depthwise_strides,
        name="stem_depthwise",
        **settings,
    )
    for number, stage in enumerate(layout.stages, start=1):
        for block in range(1, stage.blocks + 1):
            x = bottleneck(
                x,
                width(stage.filters),
                hidden_filters=stage.expansion * x.shape[-1],
                strides=stage.strides if block == 1 else 1,
                name=f"stage{number}_block{block}",
                **settings,
            )
    x = conv_unit(
        x, width(layout.top_filters), kernel_size=1, name="top", **settings
    )
    return keras.Model(images, x, name=name)
