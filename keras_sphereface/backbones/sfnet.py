"""SFNet, the residual networks of the SphereFace papers."""

import keras

from keras_sphereface.backbones.conv_unit import (
    activation_layer,
    conv_unit,
    he_fan_out_normal,
)
from keras_sphereface.backbones.input_shape import check_input_shape
from keras_sphereface.backbones.registry import register
from keras_sphereface.contract.arguments import check_sizes

FILTERS = (64, 128, 256, 512)


@register("sfnet4", neck="flatten")
def sfnet4(input_shape=(112, 112, 3), **kwargs):
    """SFNet-4: see `sfnet`, residual blocks `(0, 0, 0, 0)`."""
    return sfnet((0, 0, 0, 0), input_shape, **{"name": "sfnet4", **kwargs})


@register("sfnet10", neck="flatten")
def sfnet10(input_shape=(112, 112, 3), **kwargs):
    """SFNet-10: see `sfnet`, residual blocks `(0, 1, 2, 0)`."""
    return sfnet((0, 1, 2, 0), input_shape, **{"name": "sfnet10", **kwargs})


@register("sfnet20", neck="flatten")
def sfnet20(input_shape=(112, 112, 3), **kwargs):
    """SFNet-20: see `sfnet`, residual blocks `(1, 2, 4, 1)`."""
    return sfnet((1, 2, 4, 1), input_shape, **{"name": "sfnet20", **kwargs})


@register("sfnet36", neck="flatten")
def sfnet36(input_shape=(112, 112, 3), **kwargs):
    """SFNet-36: see `sfnet`, residual blocks `(2, 4, 8, 2)`."""
    return sfnet((2, 4, 8, 2), input_shape, **{"name": "sfnet36", **kwargs})


@register("sfnet64", neck="flatten")
def sfnet64(input_shape=(112, 112, 3), **kwargs):
    """SFNet-64: see `sfnet`, residual blocks `(3, 8, 16, 3)`."""
    return sfnet((3, 8, 16, 3), input_shape, **{"name": "sfnet64", **kwargs})


def sfnet(
    blocks,
    input_shape=(112, 112, 3),
    *,
    batch_norm=True,
    activation="relu",
    activate_before_add=False,
    name="sfnet",
):
    """Four stages, each a strided 3x3 convolution and some residual blocks.

    A residual block is two 3x3 convolutions beside an identity. The number in
    a network's name counts its convolutions.

    The defaults are SFNet of OpenSphere with batch norm. OpenSphere's
    `sfnet*_deprecated`, behind its SphereFace2 results, is `batch_norm=False,
    activate_before_add=True`; the SphereFace-20 of the 2017 paper also has
    `activation="prelu"`. Biases start at zero here, where PyTorch draws them.

    With activation after the addition and no batch norm, every block doubles
    the variance of what it passes on. SFNet-64 then starts beyond the range of
    float16; use float32, bfloat16 or `activate_before_add=True`.

    Trainable parameters and multiply-adds at 112x112, without the neck (a
    flatten neck to 512 values adds 12.8 M to both):

    | network | parameters | multiply-adds |
    |---|---|---|
    | SFNet-4 | 1.6 M | 0.18 G |
    | SFNet-10 | 4.2 M | 0.87 G |
    | SFNet-20 | 11.7 M | 2.03 G |
    | SFNet-36 | 21.8 M | 3.88 G |
    | SFNet-64 | 37.2 M | 7.12 G |

    Args:
        blocks: four ints, residual blocks in each stage.
        input_shape: `(height, width, channels)`, height and width multiples
            of 16. Defaults to `(112, 112, 3)`.
        batch_norm: bool, batch normalization after every convolution, which
            then has no bias. Defaults to `True`.
        activation: `"relu"`, or `"prelu"` with one slope per channel. Defaults
            to `"relu"`.
        activate_before_add: bool. Where a residual block is activated for the
            second time: before the identity is added, `x + relu(f(x))`, with
            Glorot weights, or after it, `relu(x + f(x))`, with He weights.
            Defaults to `False`.
        name: str, name of the model.

    Returns:
        `keras.Model`, images scaled to `[-1, 1]`, `(batch_size, height, width,
        channels)`, to a feature map, `(batch_size, height / 16, width / 16,
        512)`.

    Example:

    ```python
    paper_sphereface20 = sfnet20(
        (112, 96, 3),
        batch_norm=False,
        activation="prelu",
        activate_before_add=True,
    )
    ```

    Reference:
        - [Liu et al., 2017](https://arxiv.org/abs/1704.08063), table 2
        - [OpenSphere](https://github.com/ydwen/opensphere), commit 032c31b,
          `model/backbone/sfnet.py` and `sfnet_deprecated.py`
    """
    blocks = check_sizes("blocks", blocks, at_least=0, length=len(FILTERS))
    if activate_before_add:
        kernel_initializer = keras.initializers.VarianceScaling(
            scale=1.0, mode="fan_avg", distribution="untruncated_normal"
        )
    else:
        kernel_initializer = he_fan_out_normal()
    settings = {
        "batch_norm": batch_norm,
        "kernel_initializer": kernel_initializer,
    }
    images = keras.Input(check_input_shape(input_shape), name="images")
    x = images
    for stage, (filters, num_blocks) in enumerate(
        zip(FILTERS, blocks, strict=True), start=1
    ):
        x = conv_unit(
            x,
            filters,
            strides=2,
            activation=activation,
            name=f"stage{stage}_down",
            **settings,
        )
        for block in range(1, num_blocks + 1):
            x = _residual_block(
                x,
                activation=activation,
                activate_before_add=activate_before_add,
                name=f"stage{stage}_block{block}",
                **settings,
            )
    return keras.Model(images, x, name=name)


def _residual_block(
    inputs, *, activation, activate_before_add, name, **settings
):
    filters = inputs.shape[-1]
    x = conv_unit(
        inputs,
        filters,
        activation=activation,
        name=f"{name}_conv1",
        **settings,
    )
    x = conv_unit(
        x,
        filters,
        activation=activation if activate_before_add else None,
        name=f"{name}_conv2",
        **settings,
    )
    x = keras.layers.Add(name=f"{name}_add")([inputs, x])
    if activate_before_add:
        return x
    return activation_layer(activation, name=f"{name}_act")(x)
