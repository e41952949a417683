"""Small networks as Keras_insightface names and saves them."""

import json

import h5py
import keras
import numpy as np

from keras_sphereface.interop import import_embedder

layers = keras.layers
_BLOCKS = (  # kernel, expansion, filters, gate, strides
    (3, 16, 16, False, 1),
    (3, 48, 24, False, 2),
    (3, 72, 24, False, 1),
    (5, 72, 40, True, 2),
    (5, 120, 40, True, 1),
    (3, 240, 80, False, 2),
    (3, 200, 80, False, 1),
    (3, 184, 80, False, 1),
    (3, 184, 80, False, 1),
    (3, 480, 112, True, 1),
    (3, 672, 112, True, 1),
    (5, 672, 160, True, 2),
    (5, 960, 160, False, 1),
    (5, 960, 160, True, 1),
    (5, 960, 160, False, 1),
    (5, 512, 160, True, 1),
)


def old_hard_sigmoid(x):
    """That of Keras 2."""
    return keras.ops.clip(0.2 * x + 0.5, 0.0, 1.0)


def _neck(x, kind, dim, epsilon, use_bias, scale):
    def norm(name, **kwargs):
        return layers.BatchNormalization(epsilon=epsilon, name=name, **kwargs)

    if kind == "E":
        x = norm("E_batchnorm")(x)
    if kind in "EF":
        x = layers.Flatten(name=f"{kind}_flatten")(x)
        x = layers.Dense(dim, use_bias=use_bias, name=f"{kind}_dense")(x)
        x = layers.Reshape((1, 1, dim))(x)
    else:
        size = x.shape[1:3]
        x = layers.DepthwiseConv2D(size, use_bias=False, name="GDC_dw")(x)
        x = norm("GDC_batchnorm")(x)
        x = layers.Dropout(0.2)(x)
        x = layers.Conv2D(dim, 1, use_bias=use_bias, name="GDC_conv")(x)
    x = norm("pre_embedding", scale=scale)(x)
    x = layers.Flatten()(x)
    return layers.Activation("linear", name="embedding")(x)


def resnet(
    units,
    *,
    neck="E",
    activation="prelu",
    use_bias=False,
    scale=True,
    max_pool=False,
    filters=8,
    dim=16,
):
    """The residual networks called `r18` to `r100`."""

    def conv(x, count, size, strides, name):
        if size == 3:
            x = layers.ZeroPadding2D(1)(x)
        return layers.Conv2D(
            count, size, strides, use_bias=False, name=f"{name}conv"
        )(x)

    def norm(x, name, act=None):
        x = layers.BatchNormalization(epsilon=1e-5, name=f"{name}bn")(x)
        if act == "prelu":
            return layers.PReLU(shared_axes=[1, 2], name=f"{name}prelu")(x)
        return layers.Activation(act, name=f"{name}{act}")(x) if act else x

    images = keras.Input((32, 32, 3))
    x = norm(conv(images, filters, 3, 1, "0_"), "0_", activation)
    for stage, count in enumerate(units):
        for unit in range(count):
            name = f"stack{stage + 1}_block{unit + 1}_"
            width, strides = filters << stage, 1 if unit else 2
            if unit:
                short = x
            elif max_pool and stage == 0:
                short = layers.MaxPooling2D(1, strides)(x)
            else:
                short = conv(x, width, 1, strides, f"{name}shortcut_")
                short = norm(short, f"{name}shortcut_")
            x = norm(x, f"{name}1_")
            x = norm(conv(x, width, 3, 1, f"{name}1_"), f"{name}2_", activation)
            x = norm(conv(x, width, 3, strides, f"{name}2_"), f"{name}3_")
            x = layers.Add(name=f"{name}add")([short, x])
    x = _neck(x, neck, dim, 1e-4, use_bias, scale)
    return _randomized(keras.Model(images, x))


def ghostnet(*, width=0.25, strides=2, slopes=True, size=64, dim=16):
    """GhostNet, whose layers have no names but numbers, from 7 on."""
    numbers = dict.fromkeys(
        ("conv2d", "depthwise_conv2d", "batch_normalization", "activation"), 6
    )

    def named(kind):
        numbers[kind] += 1
        return f"{kind}_{numbers[kind]}"

    def rounded(count):
        near = max(4, int(count + 2) // 4 * 4)
        return near + 4 if near < 0.9 * count else near

    def act(x):
        name = named("activation")
        if slopes:  # in place of a ReLU, under its name
            return layers.PReLU(shared_axes=[1, 2], name=name)(x)
        return layers.Activation("relu", name=name)(x)

    def norm(x, has_act):
        x = layers.BatchNormalization(name=named("batch_normalization"))(x)
        return act(x) if has_act else x

    def conv(x, count, has_act=False, size=1, stride=1):
        x = layers.Conv2D(
            *(count, size, stride, "same"), use_bias=False, name=named("conv2d")
        )(x)
        return norm(x, has_act)

    def depthwise(x, size, stride=1, has_act=False):
        x = layers.DepthwiseConv2D(
            *(size, stride, "same"),
            use_bias=False,
            name=named("depthwise_conv2d"),
        )(x)
        return norm(x, has_act)

    def module(x, count, has_act):
        first = conv(x, count // 2, has_act)
        return layers.Concatenate()(
            [first, depthwise(first, 3, has_act=has_act)]
        )

    images = keras.Input((size, size, 3))
    x = conv(images, rounded(16 * width), True, 3, strides)
    for kernel, expansion, count, has_gate, stride in _BLOCKS:
        count, before = rounded(count * width), x
        x = module(x, rounded(expansion * width), True)
        if stride > 1:
            x = depthwise(x, kernel, stride)
        if has_gate:
            channels = x.shape[-1]
            y = layers.GlobalAveragePooling2D()(x)
            y = layers.Reshape((1, 1, channels))(y)
            y = layers.Conv2D(rounded(channels / 4), 1, name=named("conv2d"))(y)
            y = act(y)
            y = layers.Conv2D(channels, 1, name=named("conv2d"))(y)
            y = layers.Activation(old_hard_sigmoid, name=named("activation"))(y)
            x = layers.Multiply()([x, y])
        x = module(x, count, False)
        if stride > 1 or before.shape[-1] != count:
            before = conv(depthwise(before, kernel, stride), count)
        x = layers.Add()([before, x])
    x = conv(x, rounded(512 * width), True)
    x = _neck(x, "GDC", dim, 1e-3, False, True)
    return _randomized(keras.Model(images, x))


def _randomized(model):
    generator = np.random.default_rng(0)
    for layer in model.layers:
        for weight in layer.weights:
            values = generator.random(weight.shape, "float32")
            if weight.name == "kernel":
                values = (values - 0.5) * np.sqrt(12 / values[..., 0].size)
            elif weight.name in ("bias", "beta", "moving_mean"):
                values = 0.2 * values - 0.1
            else:
                values += 0.5
            weight.assign(values)
    return model


def save_as_keras_2(model, path):
    """An `.h5` file as Keras 2 writes it."""
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = b"2.10.0"
        file.attrs["backend"] = b"tensorflow"
        config = {"class_name": "Functional", "config": model.get_config()}
        for layer in config["config"]["layers"]:
            if "activation" in layer["config"] and not isinstance(
                layer["config"]["activation"], str
            ):
                layer["config"]["activation"] = "hard_sigmoid"
        file.attrs["model_config"] = json.dumps(config).encode()
        weights = file.create_group("model_weights")
        names = [layer.name.encode() for layer in model.layers]
        weights.attrs["layer_names"] = names
        for layer in model.layers:
            group = weights.create_group(layer.name)
            is_depthwise = isinstance(layer, layers.DepthwiseConv2D)
            stored = []
            for weight in layer.weights:
                name = weight.name
                if is_depthwise and name == "kernel":
                    name = "depthwise_kernel"
                stored.append(f"{layer.name}/{name}:0")
                group[stored[-1]] = np.asarray(weight)
            group.attrs["weight_names"] = [name.encode() for name in stored]


def check_import(path, network, family):
    """Compares embeddings of the network and of the embedder made of it."""
    size = network.input_shape[1:]
    pixels = np.random.default_rng(1).integers(0, 256, (3, *size), "uint8")
    embedder, report = import_embedder(path)
    assert report.family == family
    assert "RGB pixels, (pixel - 127.5) / 128" in str(report)
    assert embedder.input_shape == network.input_shape
    scaled = (pixels.astype("float32") - 127.5) * 0.0078125
    expected = network.predict(scaled, verbose=0)
    found = embedder.predict(pixels, verbose=0)
    assert np.abs(found - expected).max() < 1e-4 * np.abs(expected).max()
