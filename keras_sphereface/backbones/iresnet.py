"""IResNet, the residual networks of ArcFace and its successors."""

import keras

from keras_sphereface.backbones.conv_unit import (
    batch_normalization,
    conv_unit,
    he_fan_out_normal,
)
from keras_sphereface.backbones.input_shape import check_input_shape
from keras_sphereface.backbones.registry import register
from keras_sphereface.contract.arguments import check_number, check_sizes

FILTERS = (64, 128, 256, 512)


@register("iresnet18", neck="bn_flatten")
def iresnet18(input_shape=(112, 112, 3), **kwargs):
    """IResNet-18: see `iresnet`, units `(2, 2, 2, 2)`."""
    return iresnet((2, 2, 2, 2), input_shape, **{"name": "iresnet18", **kwargs})


@register("iresnet34", neck="bn_flatten")
def iresnet34(input_shape=(112, 112, 3), **kwargs):
    """IResNet-34: see `iresnet`, units `(3, 4, 6, 3)`."""
    return iresnet((3, 4, 6, 3), input_shape, **{"name": "iresnet34", **kwargs})


@register("iresnet50", neck="bn_flatten")
def iresnet50(input_shape=(112, 112, 3), **kwargs):
    """IResNet-50: see `iresnet`, units `(3, 4, 14, 3)`."""
    return iresnet(
        (3, 4, 14, 3), input_shape, **{"name": "iresnet50", **kwargs}
    )


@register("iresnet100", neck="bn_flatten")
def iresnet100(input_shape=(112, 112, 3), **kwargs):
    """IResNet-100: see `iresnet`, units `(3, 13, 30, 3)`."""
    return iresnet(
        (3, 13, 30, 3), input_shape, **{"name": "iresnet100", **kwargs}
    )


@register("iresnet200", neck="bn_flatten")
def iresnet200(input_shape=(112, 112, 3), **kwargs):
    """IResNet-200: see `iresnet`, units `(6, 26, 60, 6)`."""
    return iresnet(
        (6, 26, 60, 6), input_shape, **{"name": "iresnet200", **kwargs}
    )


def iresnet(
    units,
    input_shape=(112, 112, 3),
    *,
    width_multiplier=1.0,
    batch_norm=True,
    activation="prelu",
    name="iresnet",
):
    """A 3x3 stem, then four stages of pre-normalized residual units.

    A unit is batch norm, 3x3 convolution, batch norm, PReLU, 3x3 convolution
    and batch norm beside an identity, with no activation after the addition.
    The first unit of a stage halves the map in its second convolution, and the
    identity beside it is a 1x1 convolution. The stem keeps the size of the
    image, so that small faces lose nothing before the first unit.

    Weights start as He's, and each unit at `1 / sqrt(number of units)` of the
    size of its input, so that an untrained network of any depth is finite in
    float16 also before its batch norms know any statistics. (InsightFace
    starts from weights of deviation 0.1 and units of full size.)

    The `"bn_flatten"` neck of `build_embedding_model` goes with it: batch
    norm, flatten, dropout, dense and batch norm. With that neck and 512
    values, at 112x112, trainable parameters as those of InsightFace's
    networks, and multiply-adds:

    | network | parameters | multiply-adds |
    |---|---|---|
    | IResNet-18 | 24.03 M | 2.61 G |
    | IResNet-34 | 34.14 M | 4.46 G |
    | IResNet-50 | 43.59 M | 6.31 G |
    | IResNet-100 | 65.16 M | 12.09 G |
    | IResNet-200 | 118.83 M | 23.42 G |

    Args:
        units: four ints of at least 1, residual units in each stage.
        input_shape: `(height, width, channels)`, height and width multiples
            of 16. Defaults to `(112, 112, 3)`.
        width_multiplier: float above 0, factor on all channel counts, which
            are rounded to multiples of 8. Defaults to `1.0`.
        batch_norm: bool. Without it every convolution has a bias and He
            weights. Defaults to `True`.
        activation: `"prelu"` with one slope per channel, or `"relu"`. Defaults
            to `"prelu"`.
        name: str, name of the model.

    Returns:
        `keras.Model`, images scaled to `[-1, 1]`, `(batch_size, height, width,
        channels)`, to a feature map, `(batch_size, height / 16, width / 16,
        512 * width_multiplier)`.

    Example:

    ```python
    embedder = build_embedding_model("iresnet50", dropout=0.4)
    ```

    Reference:
        - [Deng et al., 2019](https://arxiv.org/abs/1801.07698), section 3.1
        - [Duta et al., 2020](https://arxiv.org/abs/2004.04989)
        - [InsightFace](https://github.com/deepinsight/insightface),
          `recognition/arcface_torch/backbones/iresnet.py`
    """
    units = check_sizes("units", units, length=len(FILTERS))
    width_multiplier = check_number(
        "width_multiplier", width_multiplier, above=0
    )

    def width(filters):
        return max(8, round(filters * width_multiplier / 8) * 8)

    images = keras.Input(check_input_shape(input_shape), name="images")
    x = conv_unit(
        images,
        width(FILTERS[0]),
        batch_norm=batch_norm,
        activation=activation,
        name="stem",
    )
    for stage, (filters, num_units) in enumerate(
        zip(FILTERS, units, strict=True), start=1
    ):
        for unit in range(1, num_units + 1):
            x = _residual_unit(
                x,
                width(filters),
                strides=2 if unit == 1 else 1,
                batch_norm=batch_norm,
                activation=activation,
                gain=sum(units) ** -0.5,
                name=f"stage{stage}_block{unit}",
            )
    return keras.Model(images, x, name=name)


def _residual_unit(
    inputs, filters, *, strides, batch_norm, activation, gain, name
):
    x = inputs
    if batch_norm:
        x = batch_normalization(name=f"{name}_bn")(x)
    x = conv_unit(
        x,
        filters,
        batch_norm=batch_norm,
        activation=activation,
        name=f"{name}_conv1",
    )
    x = conv_unit(
        x,
        filters,
        strides=strides,
        batch_norm=batch_norm,
        kernel_initializer=None if batch_norm else he_fan_out_normal(gain),
        gamma_initializer=keras.initializers.Constant(gain),
        name=f"{name}_conv2",
    )
    identity = inputs
    if strides > 1:
        identity = conv_unit(
            inputs,
            filters,
            kernel_size=1,
            strides=strides,
            batch_norm=batch_norm,
            name=f"{name}_down",
        )
    return keras.layers.Add(name=f"{name}_add")([identity, x])
