"""GhostFaceNets: half of every map is made from the other half."""

from typing import NamedTuple

import keras

from keras_sphereface.backbones.conv_unit import conv_unit
from keras_sphereface.backbones.input_shape import check_input_shape
from keras_sphereface.backbones.registry import register
from keras_sphereface.contract.arguments import check_choice, check_number

STEM_FILTERS = 16
SQUEEZE_RATIO = 0.25


class _Block(NamedTuple):
    kernel_size: int
    hidden_filters: int
    filters: int
    squeeze: bool
    strides: int


# Table 1 of GhostNet.
GHOST_BLOCKS = (
    _Block(3, 16, 16, False, 1),
    _Block(3, 48, 24, False, 2),
    _Block(3, 72, 24, False, 1),
    _Block(5, 72, 40, True, 2),
    _Block(5, 120, 40, True, 1),
    _Block(3, 240, 80, False, 2),
    _Block(3, 200, 80, False, 1),
    _Block(3, 184, 80, False, 1),
    _Block(3, 184, 80, False, 1),
    _Block(3, 480, 112, True, 1),
    _Block(3, 672, 112, True, 1),
    _Block(5, 672, 160, True, 2),
    _Block(5, 960, 160, False, 1),
    _Block(5, 960, 160, True, 1),
    _Block(5, 960, 160, False, 1),
    _Block(5, 960, 160, True, 1),
)


@register("ghostfacenet_v1", neck="gdconv")
def ghostfacenet_v1(input_shape=(112, 112, 3), **kwargs):
    """GhostFaceNetV1: GhostNet with PReLU and its last layers narrowed.

    A ghost module makes half of its channels with a 1x1 convolution and the
    other half from those, with a depthwise one. A bottleneck is two modules,
    a squeeze between some.

    With a gdconv neck and 512 values, at 112x112 and a width of 1.3,
    parameters, statistics of batch norms included, and multiply-adds, as
    counted here:

    | network | parameters | multiply-adds |
    |---|---|---|
    | GhostFaceNetV1, stem strides 1 | 4.09 M | 211.9 M |
    | GhostFaceNetV1, stem strides 2 | 4.07 M | 59.3 M |

    Strided convolutions pad as TensorFlow's `"same"`, as the authors' do.

    Args:
        input_shape: `(height, width, channels)`, height and width multiples
            of 16. Defaults to `(112, 112, 3)`.
        **kwargs: `stem_strides`, `1` or `2`, by default `1`;
            `width_multiplier`, float above 0, by default `1.3`, channels in
            multiples of 4; `batch_norm`, `activation` and `name` as for
            `mobilefacenet`.

    Returns:
        `keras.Model`, images scaled to `[-1, 1]`, `(batch_size, height, width,
        channels)`, to a feature map, `(batch_size, height / 16, width / 16,
        512 * width_multiplier)`, half as high and wide at `stem_strides=2`.

    Reference:
        - [Alansari et al., 2023](https://doi.org/10.1109/ACCESS.2023.3266068)
        - [Han et al., 2020](https://arxiv.org/abs/1911.11907)
        - [The authors' code](https://github.com/HamadYA/GhostFaceNets)
    """
    blocks = (*GHOST_BLOCKS[:-1], GHOST_BLOCKS[-1]._replace(hidden_filters=512))
    kwargs = {"name": "ghostfacenet_v1", **kwargs}
    # Keras 2's hard sigmoid, `0.2 * x + 0.5`, is steeper than PyTorch's.
    return _build(blocks, len(blocks), 1.2, input_shape, **kwargs)


@register("ghostfacenet_v2", neck="gdconv")
def ghostfacenet_v2(input_shape=(112, 112, 3), **kwargs):
    """GhostFaceNetV2: the first with attention over rows and columns.

    From the third block on, the first module of a bottleneck is weighed by a
    gate that sees five rows and five columns of a map of half the size.

    With a gdconv neck and 512 values, at 112x112 and a width of 1.3,
    parameters, statistics of batch norms included, and multiply-adds (the
    authors' count at strides 1 is 6.88 M, and 272.1 M operations with
    normalization and activations):

    | network | parameters | multiply-adds |
    |---|---|---|
    | GhostFaceNetV2, stem strides 1 | 6.88 M | 267.1 M |
    | GhostFaceNetV2, stem strides 2 | 6.84 M | 75.2 M |

    Args:
        input_shape: as for `ghostfacenet_v1`.
        **kwargs: as for `ghostfacenet_v1`.

    Returns:
        `keras.Model`, as `ghostfacenet_v1`, of `960 * width_multiplier`
        channels.

    Reference:
        - [Alansari et al., 2023](https://doi.org/10.1109/ACCESS.2023.3266068)
        - [Tang et al., 2022](https://arxiv.org/abs/2211.12905)
        - [The authors' code](https://github.com/HamadYA/GhostFaceNets)
    """
    kwargs = {"name": "ghostfacenet_v2", **kwargs}
    return _build(GHOST_BLOCKS, 2, 1.0, input_shape, **kwargs)


def _build(
    blocks,
    first_attention,
    gate_scale,
    input_shape,
    *,
    stem_strides=1,
    width_multiplier=1.3,
    batch_norm=True,
    activation="prelu",
    name,
):
    check_choice("stem_strides", stem_strides, (1, 2))
    width_multiplier = check_number(
        "width_multiplier", width_multiplier, above=0
    )

    def width(filters):
        return _round_to_four(filters * width_multiplier)

    settings = {"batch_norm": batch_norm, "padding": "same"}
    images = keras.Input(check_input_shape(input_shape), name="images")
    x = conv_unit(
        images,
        width(STEM_FILTERS),
        strides=stem_strides,
        activation=activation,
        name="stem",
        **settings,
    )
    for number, block in enumerate(blocks):
        x = _bottleneck(
            x,
            block._replace(
                hidden_filters=width(block.hidden_filters),
                filters=width(block.filters),
            ),
            has_attention=number >= first_attention,
            gate_scale=gate_scale,
            activation=activation,
            name=f"block{number + 1}",
            **settings,
        )
    x = conv_unit(
        x,
        width(blocks[-1].hidden_filters),
        kernel_size=1,
        activation=activation,
        name="top",
        **settings,
    )
    return keras.Model(images, x, name=name)


def _round_to_four(filters):
    """To a multiple of 4, at most a tenth below."""
    rounded = max(4, int(filters + 2) // 4 * 4)
    return rounded + 4 if rounded < 0.9 * filters else rounded


def _bottleneck(
    inputs, block, *, has_attention, gate_scale, activation, name, **settings
):
    x = _ghost_module(
        inputs,
        block.hidden_filters,
        activation=activation,
        name=f"{name}_expand",
        **settings,
    )
    if has_attention:
        gate = _attention(
            inputs, block.hidden_filters, name=f"{name}_attention", **settings
        )
        x = keras.layers.Multiply(name=f"{name}_attend")([gate, x])
    depthwise = {
        "kernel_size": block.kernel_size,
        "strides": block.strides,
        **settings,
    }
    if block.strides > 1:
        x = conv_unit(x, None, name=f"{name}_down", **depthwise)
    if block.squeeze:
        x = _squeeze(x, gate_scale, activation, name=f"{name}_squeeze")
    x = _ghost_module(
        x,
        block.filters,
        activation=None,
        name=f"{name}_project",
        **settings,
    )
    identity = inputs
    if block.strides > 1 or inputs.shape[-1] != block.filters:
        identity = conv_unit(
            inputs, None, name=f"{name}_identity_depthwise", **depthwise
        )
        identity = conv_unit(
            identity,
            block.filters,
            kernel_size=1,
            name=f"{name}_identity",
            **settings,
        )
    return keras.layers.Add(name=f"{name}_add")([identity, x])


def _ghost_module(inputs, filters, *, activation, name, **settings):
    primary = conv_unit(
        inputs,
        filters // 2,
        kernel_size=1,
        activation=activation,
        name=f"{name}_primary",
        **settings,
    )
    ghosts = conv_unit(
        primary, None, activation=activation, name=f"{name}_ghosts", **settings
    )
    return keras.layers.Concatenate(name=f"{name}_concat")([primary, ghosts])


def _attention(inputs, filters, *, name, **settings):
    """The decoupled fully connected attention of GhostNetV2."""
    x = inputs
    if min(inputs.shape[1:3]) > 1:
        x = keras.layers.AveragePooling2D(
            2, data_format="channels_last", name=f"{name}_pool"
        )(x)
    x = conv_unit(x, filters, kernel_size=1, name=f"{name}_conv", **settings)
    x = conv_unit(x, None, kernel_size=(1, 5), name=f"{name}_row", **settings)
    x = conv_unit(
        x, None, kernel_size=(5, 1), name=f"{name}_column", **settings
    )
    x = keras.layers.Activation("sigmoid", name=f"{name}_gate")(x)
    return keras.layers.Resizing(
        *inputs.shape[1:3],
        interpolation="bilinear",
        data_format="channels_last",
        name=f"{name}_resize",
    )(x)


def _squeeze(inputs, gate_scale, activation, *, name):
    channels = inputs.shape[-1]
    x = keras.layers.GlobalAveragePooling2D(
        keepdims=True, data_format="channels_last", name=f"{name}_average"
    )(inputs)
    x = conv_unit(
        x,
        _round_to_four(channels * SQUEEZE_RATIO),
        kernel_size=1,
        batch_norm=False,
        activation=activation,
        name=f"{name}_reduce",
    )
    x = conv_unit(
        x, channels, kernel_size=1, batch_norm=False, name=f"{name}_expand"
    )
    if gate_scale != 1:
        x = keras.layers.Rescaling(gate_scale, name=f"{name}_scale")(x)
    x = keras.layers.Activation("hard_sigmoid", name=f"{name}_gate")(x)
    return keras.layers.Multiply(name=f"{name}_multiply")([inputs, x])
