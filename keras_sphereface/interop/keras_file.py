"""`.h5` and `.keras` files, by the names of layers, without Keras."""

import io
import json
import re
import zipfile

import numpy as np

from keras_sphereface.interop.hdf5_file import read_hdf5
from keras_sphereface.interop.limits import MAX_ENTRIES, MAX_HEADER_BYTES
from keras_sphereface.interop.weights_errors import WeightsFileError

_WEIGHTS, _CONFIG, _METADATA = (
    "model.weights.h5",
    "config.json",
    "metadata.json",
)
_MAX_DEPTH = 8
# Layers that do nothing, or the same wherever they stand.
_PLAIN_LAYERS = {
    *("Add", "Concatenate", "Multiply", "InputLayer", "ZeroPadding2D"),
    *("Dropout", "Flatten", "Reshape", "GlobalAveragePooling2D"),
    *("Conv2D", "DepthwiseConv2D", "Dense", "BatchNormalization", "PReLU"),
    *("Activation", "ReLU", "Functional", "Model", "Sequential"),
}
_OLD_NAMES = {"depthwise_kernel": "kernel"}


def read_keras_h5(file):
    """Weights of an `.h5` file of Keras 2 or 3.

    Beside them is what the description of the model says and weights do not:
    `epsilon` of each batch normalization, `strides` of each convolution that
    has any, and for each activation and each layer that is not one of the
    usual an empty array of its name, such as `act.relu`.

    Args:
        file: binary file, seekable.

    Returns:
        Dict of str, `"layer.weight"`, to `np.ndarray`.
    """
    arrays, texts = read_hdf5(file)
    whole = {
        path.removeprefix("model_weights/"): array
        for path, array in arrays.items()
        if path.startswith("model_weights/")
    }
    state = {}
    for path, array in (whole or arrays).items():
        # The first group is the layer, the rest the name of the weight.
        _add(state, path.partition("/")[2] or path, array)
    if ("", "model_config") in texts:
        config = json.loads(texts["", "model_config"])
        version = texts.get(("", "keras_version"), "2")
        _describe(state, config, version)
    return state


def read_keras_zip(file):
    """Weights of a `.keras` file.

    Args:
        file: binary file, seekable.

    Returns:
        As `read_keras_h5`.
    """
    size = file.seek(0, io.SEEK_END)
    with zipfile.ZipFile(file) as archive:
        config = json.loads(_entry(archive, _CONFIG, MAX_HEADER_BYTES))
        metadata = json.loads(_entry(archive, _METADATA, MAX_HEADER_BYTES))
        weights = _entry(archive, _WEIGHTS, size)
    arrays, _ = read_hdf5(io.BytesIO(weights))
    state = {}
    for group, layer in _groups(config, "layers", 0):
        for number, name in enumerate(_weight_names(layer)):
            array = arrays.pop(f"{group}/vars/{number}", None)
            if array is not None:
                _add(state, f"{layer['config']['name']}/{name}", array)
    # Those of layers that are not known, and of the optimizer.
    for path, array in arrays.items():
        if not path.startswith("optimizer/"):
            _add(state, path, array)
    _describe(state, config, metadata.get("keras_version", "2"))
    return state


def _entry(archive, name, limit):
    info = archive.NameToInfo.get(name)
    if info is None:
        raise WeightsFileError(f"it has no {name}")
    if info.compress_type != zipfile.ZIP_STORED or info.file_size > limit:
        raise WeightsFileError(f"the entry {name} is compressed or too large")
    with archive.open(info) as entry:
        # To the end, where `zipfile` compares the checksum.
        return entry.read(info.file_size + 1)


def _add(state, path, array):
    *layer, leaf = path.split("/")
    leaf = leaf.removesuffix(":0")
    name = ".".join([*layer, _OLD_NAMES.get(leaf, leaf)])
    if name in state or len(state) > MAX_ENTRIES:
        raise WeightsFileError(f"two of its weights are called {name[-60:]}")
    state[name] = array


def _layers(config):
    """The layers that a description lists, models among them."""
    if not isinstance(config, dict):
        return []
    inner = config.get("config")
    listed = inner.get("layers") if isinstance(inner, dict) else None
    return [
        layer
        for layer in listed or ()
        if isinstance(layer, dict)
        and isinstance(layer.get("config"), dict)
        and isinstance(layer.get("class_name"), str)
        and isinstance(layer["config"].get("name"), str)
    ]


def _groups(config, prefix, depth):
    """Places of layers in a `.keras` file: by class, in their order."""
    if depth > _MAX_DEPTH:
        raise WeightsFileError("its models are nested too deep")
    used = {}
    for layer in _layers(config):
        snake = _snake_case(layer["class_name"])
        number = used[snake] = used.get(snake, -1) + 1
        group = f"{prefix}/{snake}" + (f"_{number}" if number else "")
        yield group, layer
        yield from _groups(layer, f"{group}/layers", depth + 1)


def _snake_case(name):
    """As Keras does: `PReLU` is `p_re_lu`, `Conv2D` is `conv2d`."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def _weight_names(layer):
    """Names of a layer's weights, in the order in which it makes them."""
    config = layer["config"]
    bias = ["bias"] if config.get("use_bias", True) else []
    return {
        "Conv2D": ["kernel", *bias],
        "DepthwiseConv2D": ["kernel", *bias],
        "Dense": ["kernel", *bias],
        "PReLU": ["alpha"],
        "BatchNormalization": [
            *(["gamma"] if config.get("scale", True) else []),
            *(["beta"] if config.get("center", True) else []),
            *("moving_mean", "moving_variance"),
        ],
    }.get(layer["class_name"], [])


def _describe(state, config, version):
    """Adds to a state what is not in its weights."""
    is_old = version.startswith("2")
    for _, layer in _groups(config, "", 0):
        kind, settings = layer["class_name"], layer["config"]
        name = settings["name"]
        if kind == "BatchNormalization":
            state[f"{name}.epsilon"] = np.float32(settings["epsilon"])
        strides = settings.get("strides", (1, 1))
        if kind in ("Conv2D", "DepthwiseConv2D") and list(strides) != [1, 1]:
            state[f"{name}.strides"] = np.array(strides, "int64")
        if kind not in _PLAIN_LAYERS:
            state[f"{name}.{kind}"] = np.empty(0)
        activation = "relu" if kind == "ReLU" else settings.get("activation")
        if activation in (None, "linear"):
            continue
        if not isinstance(activation, str):
            activation = "activation"
        elif activation == "hard_sigmoid" and not is_old:
            activation += "_of_keras_3"  # less steep
        state[f"{name}.{activation}"] = np.empty(0)
