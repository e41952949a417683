"""Vision transformers for faces, as InsightFace trains them."""

import keras

from keras_sphereface.backbones.conv_unit import batch_normalization
from keras_sphereface.backbones.input_shape import check_input_shape
from keras_sphereface.backbones.registry import register
from keras_sphereface.contract.arguments import check_integer, check_number
from keras_sphereface.layers import SelfAttention, TokenPositions

PATCH_SIZE = 9
DEPTH = 12
NUM_HEADS = 8
MLP_RATIO = 4
LAYER_NORM_EPSILON = 1e-5  # PyTorch's


@register("vit_tiny")
def vit_tiny(input_shape=(112, 112, 3), **kwargs):
    """InsightFace's `vit_t`: see `vit`, 256 channels."""
    return vit(256, input_shape, **{"name": "vit_tiny", **kwargs})


@register("vit_small")
def vit_small(input_shape=(112, 112, 3), **kwargs):
    """InsightFace's `vit_s`: see `vit`, 512 channels."""
    return vit(512, input_shape, **{"name": "vit_small", **kwargs})


def vit(
    channels,
    input_shape=(112, 112, 3),
    *,
    depth=DEPTH,
    batch_norm=True,
    drop_path=0.1,
    name="vit",
):
    """Patches of 9x9 pixels, twelve pre-normalized blocks, all tokens kept.

    A block is self-attention of eight heads and two dense layers with ReLU6
    between, each beside an identity. The tokens are flattened, since each has
    its place in a face, and mapped to one vector, so there is no neck but the
    last dense layer. Of InsightFace's training, the random masking of a tenth
    of the tokens is left out, and so its mask token (256 or 512 numbers).

    With 512 values, at 112x112, trainable parameters and multiply-adds, those
    between tokens included:

    | network | parameters | multiply-adds |
    |---|---|---|
    | ViT-Tiny | 19.14 M | 1.50 G |
    | ViT-Small | 76.02 M | 5.75 G |

    Args:
        channels: int, a multiple of 8, channels of a token.
        input_shape: `(height, width, channels)`, height and width multiples
            of 16; pixels beyond the last whole patch are not seen. Defaults to
            `(112, 112, 3)`.
        depth: int, blocks. Defaults to `12`.
        batch_norm: bool, whether the vector is normalized. Defaults to `True`.
        drop_path: float in `[0, 1)`, share of the images that skip the last
            block in training; those before, linearly less. Defaults to `0.1`.
        name: str, name of the model.

    Returns:
        `keras.Model`, images scaled to `[-1, 1]`, `(batch_size, height, width,
        channels)`, to a vector, `(batch_size, channels)`.

    Reference:
        - [Dosovitskiy et al., 2021](https://arxiv.org/abs/2010.11929)
        - [InsightFace](https://github.com/deepinsight/insightface),
          `recognition/arcface_torch/backbones/vit.py`
    """
    channels = check_integer("channels", channels, at_least=1)
    depth = check_integer("depth", depth, at_least=1)
    drop_path = check_number("drop_path", drop_path, at_least=0, below=1)
    images = keras.Input(check_input_shape(input_shape), name="images")
    x = keras.layers.Conv2D(
        channels,
        PATCH_SIZE,
        PATCH_SIZE,
        data_format="channels_last",
        name="patches",
    )(images)
    x = keras.layers.Reshape((-1, channels), name="tokens")(x)
    x = TokenPositions(name="positions")(x)
    for block in range(1, depth + 1):
        x = _block(
            x,
            drop_path=drop_path * (block - 1) / max(1, depth - 1),
            name=f"block{block}",
        )
    x = _layer_normalization("norm")(x)
    x = keras.layers.Flatten(name="flatten")(x)
    x = keras.layers.Dense(
        channels,
        use_bias=not batch_norm,
        kernel_initializer=_normal(),
        name="feature",
    )(x)
    if batch_norm:
        x = batch_normalization(name="feature_bn")(x)
    return keras.Model(images, x, name=name)


def _block(inputs, *, drop_path, name):
    channels = inputs.shape[-1]
    x = _layer_normalization(f"{name}_norm1")(inputs)
    x = SelfAttention(NUM_HEADS, name=f"{name}_attention")(x)
    x = _drop_path(drop_path, f"{name}_drop1")(x)
    middle = keras.layers.Add(name=f"{name}_add1")([inputs, x])
    x = _layer_normalization(f"{name}_norm2")(middle)
    x = keras.layers.Dense(
        MLP_RATIO * channels, kernel_initializer=_normal(), name=f"{name}_mlp1"
    )(x)
    x = keras.layers.ReLU(max_value=6, name=f"{name}_act")(x)
    x = keras.layers.Dense(
        channels, kernel_initializer=_normal(), name=f"{name}_mlp2"
    )(x)
    x = _drop_path(drop_path, f"{name}_drop2")(x)
    return keras.layers.Add(name=f"{name}_add2")([middle, x])


def _layer_normalization(name):
    return keras.layers.LayerNormalization(
        epsilon=LAYER_NORM_EPSILON, name=name
    )


def _drop_path(rate, name):
    """Dropout of whole images, stochastic depth."""
    return keras.layers.Dropout(rate, noise_shape=(None, 1, 1), name=name)


def _normal():
    return keras.initializers.TruncatedNormal(stddev=0.02)
