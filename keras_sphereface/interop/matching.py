"""Weights of a file beside those of a model, in the model's layout."""

import keras
import numpy as np

from keras_sphereface.backend.keras_internals import all_layers, operation_of
from keras_sphereface.contract.face_input import PIXEL_SCALE
from keras_sphereface.interop.import_report import ImportReport, WeightRow

# Variable of a Keras layer: weight of a PyTorch module.
_SOURCES = {
    "conv": {"kernel": "weight", "bias": "bias"},
    "linear": {"kernel": "weight", "bias": "bias"},
    "dense": {"kernel": "weight", "bias": "bias"},
    "ln": {"gamma": "weight", "beta": "bias"},
    "attention": {"temperature": "temperature"},
    "scale": {"gamma": "gamma"},
    "attention_scale": {"gamma": "gamma_xca"},
    "prelu": {"alpha": "weight"},
    "bn": {
        "gamma": "weight",
        "beta": "bias",
        "moving_mean": "running_mean",
        "moving_variance": "running_var",
    },
}


def match_weights(embedder, found, color_order=None, pixel_scale=None):
    """Finds a value for every weight of an embedder.

    The first convolution is turned to RGB pixels scaled as ours are, `(pixel -
    127.5) / 127.5`: its input channels change places and its kernel is
    multiplied. Zero padding is gray under any scale, so borders agree.

    Args:
        embedder: `keras.Model` of `build_embedding_model`.
        found: `FoundNetwork`.
        color_order: `"RGB"` or `"BGR"`; `None` is the family's. Defaults to
            `None`.
        pixel_scale: float; `None` is the family's. Defaults to `None`.

    Returns:
        `(report, values)`: an `ImportReport`, and a list of `(variable,
        array)` of what matched.
    """
    family = found.family
    state = dict(found.state)
    if family.prepare is not None:
        family.prepare(state)
    pairs = family.pairs(state)
    stem = f"{pairs[0].source}.weight"
    if stem in state and state[stem].ndim == 4:
        if (color_order or family.color_order) == "BGR":
            state[stem] = state[stem][:, ::-1]
        state[stem] = state[stem] * np.float32(
            PIXEL_SCALE / (pixel_scale or family.pixel_scale)
        )
    layers = {
        layer.name: layer
        for layer in all_layers(embedder)
        if layer.weights and not isinstance(layer, keras.Model)
    }
    rows, values, used = [], [], set()
    for pair in pairs:
        layer = layers.pop(pair.layer, None)
        if layer is None:
            continue  # Its weights in the file have no place: "unexpected".
        for variable in layer.weights:
            leaf = _SOURCES[pair.kind].get(variable.name)
            source = f"{pair.source}.{leaf}"
            array = state.get(source)
            weight = f"{pair.layer}/{variable.name}"
            shape = tuple(variable.shape)
            if leaf is None or array is None:
                rows.append(WeightRow(weight, shape, source, None, "missing"))
                continue
            used.add(source)
            value = _to_keras(array, pair.kind, layer, shape)
            fits = value is not None and value.shape == shape
            status = "matched" if fits else "shape"
            rows.append(WeightRow(weight, shape, source, array.shape, status))
            if fits:
                values.append((variable, value))
    missing = "missing"
    rows += [
        WeightRow(
            f"{name}/{weight.name}", tuple(weight.shape), "", None, missing
        )
        for name, layer in layers.items()
        for weight in layer.weights
    ]
    rows += [
        WeightRow("", None, source, array.shape, "unexpected")
        for source, array in state.items()
        if source not in used and not source.startswith("head.")
    ]
    return ImportReport(family.name, found.prefix, tuple(rows)), values


def _to_keras(array, kind, layer, shape):
    """The array in Keras's layout, or `None` where it cannot be."""
    array = np.asarray(array, "float32")
    if kind == "prelu":
        return array.reshape(shape) if array.size == shape[-1] else None
    if array.ndim == 1 or kind == "attention":
        return array
    if kind == "dense" and array.size == np.prod(shape):
        # A 1x1 convolution on one side may be a dense layer on the other.
        return array.reshape(shape[-1], -1).transpose().reshape(shape)
    if kind == "conv" and array.ndim == 4:
        if isinstance(layer, keras.layers.DepthwiseConv2D):
            return array.transpose(2, 3, 0, 1)
        return array.transpose(2, 3, 1, 0)
    is_whole = array.size == np.prod(shape) and array.shape[:1] == shape[1:]
    if kind == "linear" and is_whole:
        # PyTorch flattens channels, height, width; Keras height, width,
        # channels. A neck that ends in one place is 1x1.
        height, width, channels = _map_shape(layer)
        array = array.reshape(shape[1], channels, height, width)
        return array.transpose(2, 3, 1, 0).reshape(shape)
    return None


def _map_shape(dense):
    """Shape of the map that was flattened before a dense layer."""
    vectors = dense.input
    while isinstance(vectors, keras.KerasTensor) and len(vectors.shape) == 2:
        operation = operation_of(vectors)
        if isinstance(operation, keras.layers.Flatten):
            return operation.input.shape[1:]
        vectors = operation.input
    return 1, 1, dense.input.shape[-1]  # an average of places, or a vector
