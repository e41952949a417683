"""EdgeFace: EdgeNeXt with dense layers of low rank."""

import keras

from keras_sphereface.backbones.edgenext_blocks import (
    attention_block,
    conv_block,
    downsample,
    layer_normalization,
    linear_uniform,
    rank_of,
    truncated_normal,
)
from keras_sphereface.backbones.input_shape import check_input_shape
from keras_sphereface.backbones.registry import register
from keras_sphereface.contract.arguments import (
    check_integer,
    check_number,
    check_sizes,
)

STEM_SIZE = 4
KERNEL_SIZES = (3, 5, 7, 9)
SCALES = (2, 2, 3, 4)
LEAST_SIZE = 32


@register("edgeface_xs", neck="linear", batch_norm=False)
def edgeface_xs(input_shape=(112, 112, 3), **kwargs):
    """EdgeFace-XS: see `edgeface`; 192 channels, dense layers of rank 0.6."""
    return edgeface(
        **{
            "channels": (32, 64, 100, 192),
            "input_shape": input_shape,
            "num_heads": 4,
            "rank_ratio": 0.6,
            "name": "edgeface_xs",
            **kwargs,
        }
    )


@register("edgeface_s", neck="linear", batch_norm=False)
def edgeface_s(input_shape=(112, 112, 3), **kwargs):
    """EdgeFace-S: see `edgeface`; 304 channels, dense layers of rank 0.5."""
    return edgeface(
        **{
            "channels": (48, 96, 160, 304),
            "input_shape": input_shape,
            "num_heads": 8,
            "rank_ratio": 0.5,
            "name": "edgeface_s",
            **kwargs,
        }
    )


def edgeface(
    channels,
    input_shape=(112, 112, 3),
    *,
    depths=(3, 3, 9, 3),
    num_heads=4,
    rank_ratio=None,
    drop_path=0.0,
    layer_scale=1e-6,
    name="edgeface",
):
    """Convolutions of growing size, and attention between channels.

    Four stages, each at half the size of the one before, of blocks of a
    depthwise convolution and two dense layers. The last block of all stages
    but the first convolves the channels in groups, each with the result of
    the one before, and attends from channel to channel, so its work grows
    with the places of the map and not with their square.

    The mean over the last map is normalized; the embedding is a linear map of
    it, neck `"linear"`. There is no batch normalization.

    A `rank_ratio` makes of every dense layer two, the first without bias, as
    wide as that share of the layer's smaller side. The last one, from the
    mean to the embedding, is halved between backbone and neck: the vector has
    `rank_ratio * channels[-1]` values, the authors' number for embeddings of
    at least `channels[-1]` values.

    With its own neck and 512 values, at 112x112, parameters and
    multiply-adds. The authors count 1.77 M and 3.65 M parameters and, with two
    operations for a multiply-add, 154.00 M and 306.12 M operations:

    | network | parameters | multiply-adds |
    |---|---|---|
    | EdgeFace-XS, rank 0.6 | 1.77 M | 76.1 M |
    | EdgeFace-S, rank 0.5 | 3.65 M | 151.7 M |
    | EdgeFace-XS, full rank | 2.24 M | 97.5 M |
    | EdgeFace-S, full rank | 5.44 M | 229.5 M |

    Args:
        channels: four ints, of the stages; the last three multiples of
            `num_heads`.
        input_shape: `(height, width, channels)`, height and width multiples
            of 16 and at least 32. The last map is 32 times smaller, rounded
            down. Defaults to `(112, 112, 3)`.
        depths: four ints, at least 1, blocks of the stages. Defaults to `(3,
            3, 9, 3)`.
        num_heads: int, groups of channels that attend to each other. Defaults
            to `4`.
        rank_ratio: float in `(0, 1)`, or `None` for dense layers of full
            rank. Defaults to `None`.
        drop_path: float in `[0, 1)`, share of the images that skip the last
            block in training; those before, linearly less. Defaults to `0.0`.
        layer_scale: float, first value of the learned factors on the channels
            of a block's branch. Defaults to `1e-6`.
        name: str, name of the model.

    Returns:
        `keras.Model`, images scaled to `[-1, 1]`, `(batch_size, height, width,
        channels)`, to a vector, `(batch_size, channels[-1])`, or of the rank
        of the last layer.

    Reference:
        - [George et al., 2023](https://arxiv.org/abs/2307.01838)
        - [Maaz et al., 2022](https://arxiv.org/abs/2206.10589), EdgeNeXt
        - [The authors' code](https://github.com/otroshi/edgeface)
    """
    num_heads = check_integer("num_heads", num_heads, at_least=1)
    channels = _check_channels(channels, num_heads)
    depths = check_sizes("depths", depths, length=len(KERNEL_SIZES))
    if rank_ratio is not None:
        rank_ratio = check_number("rank_ratio", rank_ratio, above=0, below=1)
    drop_path = check_number("drop_path", drop_path, at_least=0, below=1)
    images = keras.Input(_check_size(input_shape), name="images")
    x = keras.layers.Conv2D(
        channels[0],
        STEM_SIZE,
        STEM_SIZE,
        kernel_initializer=truncated_normal(),
        data_format="channels_last",
        name="stem",
    )(images)
    x = layer_normalization("stem_norm")(x)
    count = 0
    for stage, (filters, depth) in enumerate(
        zip(channels, depths, strict=True)
    ):
        prefix = f"stage{stage + 1}"
        if stage > 0:
            x = downsample(x, filters, name=f"{prefix}_down")
        for block in range(1, depth + 1):
            settings = {
                "rank_ratio": rank_ratio,
                "layer_scale": layer_scale,
                "drop_path": drop_path * count / max(1, sum(depths) - 1),
                "name": f"{prefix}_block{block}",
            }
            if stage > 0 and block == depth:
                x = attention_block(
                    x,
                    scales=SCALES[stage],
                    num_heads=num_heads,
                    has_positions=stage == 1,
                    **settings,
                )
            else:
                x = conv_block(x, KERNEL_SIZES[stage], **settings)
            count += 1
    x = keras.layers.GlobalAveragePooling2D(
        data_format="channels_last", name="average"
    )(x)
    x = layer_normalization("norm")(x)
    if rank_ratio is not None:
        rank = rank_of(channels[-1], channels[-1], rank_ratio)
        x = keras.layers.Dense(
            rank,
            use_bias=False,
            kernel_initializer=linear_uniform(),
            name="feature",
        )(x)
    return keras.Model(images, x, name=name)


def _check_size(input_shape):
    shape = check_input_shape(input_shape)
    if min(shape[:2]) < LEAST_SIZE:
        raise ValueError(
            "`input_shape` must have a height and a width of at least "
            f"{LEAST_SIZE}, multiples of 16. Received: input_shape={shape}"
        )
    return shape


def _check_channels(channels, num_heads):
    channels = check_sizes("channels", channels, length=len(KERNEL_SIZES))
    for stage, scales in enumerate(SCALES[1:], start=1):
        if channels[stage] % num_heads or channels[stage] < scales:
            raise ValueError(
                "`channels` must be multiples of `num_heads` from the second "
                f"stage on, and at least {SCALES[1:]}. "
                f"Received: channels={channels}, num_heads={num_heads}"
            )
    return channels
