"""The wider MobileFaceNets of InsightFace."""

from typing import NamedTuple

import keras

from keras_sphereface.backbones.bottleneck import bottleneck
from keras_sphereface.backbones.conv_unit import conv_unit
from keras_sphereface.backbones.input_shape import check_input_shape
from keras_sphereface.backbones.registry import register
from keras_sphereface.contract.arguments import check_integer, check_number

STEM_GROUPS = 64
TOP_FILTERS = 512


class _Stage(NamedTuple):
    filters: int
    hidden_filters_down: int
    hidden_filters: int


# Before the factor on the channels between the blocks. The hidden channels,
# where the 3x3 convolutions are, stay those of the paper.
_STAGES = (
    _Stage(filters=64, hidden_filters_down=128, hidden_filters=128),
    _Stage(filters=128, hidden_filters_down=256, hidden_filters=256),
    _Stage(filters=128, hidden_filters_down=512, hidden_filters=256),
)


@register("mobilefacenet_insightface", neck="gdconv")
def mobilefacenet_insightface(input_shape=(112, 112, 3), **kwargs):
    """InsightFace's MobileFaceNet, `mbf`, twice as wide as the paper's.

    The channels between the blocks are doubled, those within them are not. The
    second convolution of the stem is a grouped one with two channels per group,
    and the first stage of the paper keeps four of its five blocks.

    With a gdconv neck and 512 values, at 112x112: 2.06 M trainable parameters
    and 437.5 M multiply-adds, as InsightFace's network. The file that
    InsightFace ships, `w600k_mbf.onnx`, is another, of 3.41 M parameters: it
    has `flat_filters=64` and the `"flatten"` neck.

    Args:
        input_shape: `(height, width, channels)`, height and width multiples
            of 16. Defaults to `(112, 112, 3)`.
        **kwargs: `width_multiplier`, float above 0, factor on all channel
            counts, rounded to multiples of 8 (the stem's to those of 128), by
            default `1.0`; `flat_filters`, int, channels of one more 1x1
            convolution at the end, by default `None`, none; `batch_norm`,
            `activation` and `name` as for `mobilefacenet`.

    Returns:
        `keras.Model`, images scaled to `[-1, 1]`, `(batch_size, height, width,
        channels)`, to a feature map, `(batch_size, height / 16, width / 16,
        512 * width_multiplier)`, or of `flat_filters` channels.

    Reference:
        - [InsightFace](https://github.com/deepinsight/insightface),
          `recognition/arcface_torch/backbones/mobilefacenet.py`
    """
    kwargs = {"name": "mobilefacenet_insightface", **kwargs}
    return _build((1, 4, 6, 2), 2, input_shape, **kwargs)


@register("mobilefacenet_insightface_large", neck="gdconv")
def mobilefacenet_insightface_large(input_shape=(112, 112, 3), **kwargs):
    """InsightFace's large MobileFaceNet, `mbf_large`.

    Four times as wide between the blocks as the paper's, with twice as many
    blocks; two residual ones take the place of the grouped convolution.

    With a gdconv neck and 512 values, at 112x112: 6.31 M trainable parameters
    and 1.82 G multiply-adds, as InsightFace's network.

    Args:
        input_shape: as for `mobilefacenet_insightface`.
        **kwargs: as for `mobilefacenet_insightface`.

    Returns:
        `keras.Model`, as `mobilefacenet_insightface`.
    """
    kwargs = {"name": "mobilefacenet_insightface_large", **kwargs}
    return _build((2, 8, 12, 4), 4, input_shape, **kwargs)


def _build(
    blocks,
    scale,
    input_shape,
    *,
    width_multiplier=1.0,
    flat_filters=None,
    batch_norm=True,
    activation="prelu",
    name,
):
    if flat_filters is not None:
        flat_filters = check_integer("flat_filters", flat_filters, at_least=1)
    width_multiplier = check_number(
        "width_multiplier", width_multiplier, above=0
    )

    def width(filters, multiple=8):
        return max(
            multiple, round(filters * width_multiplier / multiple) * multiple
        )

    settings = {"batch_norm": batch_norm, "activation": activation}
    images = keras.Input(check_input_shape(input_shape), name="images")
    stem_filters = width(64 * scale, multiple=2 * STEM_GROUPS)
    x = conv_unit(images, stem_filters, strides=2, name="stem", **settings)
    if blocks[0] == 1:
        x = conv_unit(
            x, stem_filters, groups=STEM_GROUPS, name="stem_grouped", **settings
        )
    else:
        for block in range(1, blocks[0] + 1):
            x = bottleneck(
                x,
                stem_filters,
                hidden_filters=width(128),
                strides=1,
                name=f"stem_block{block}",
                **settings,
            )
    for number, (stage, residual_blocks) in enumerate(
        zip(_STAGES, blocks[1:], strict=True), start=1
    ):
        for block in range(1, residual_blocks + 2):
            is_first = block == 1
            x = bottleneck(
                x,
                width(stage.filters * scale),
                hidden_filters=width(
                    stage.hidden_filters_down
                    if is_first
                    else stage.hidden_filters
                ),
                strides=2 if is_first else 1,
                name=f"stage{number}_block{block}",
                **settings,
            )
    x = conv_unit(x, width(TOP_FILTERS), kernel_size=1, name="top", **settings)
    if flat_filters is not None:
        x = conv_unit(x, flat_filters, kernel_size=1, name="flat", **settings)
    return keras.Model(images, x, name=name)
