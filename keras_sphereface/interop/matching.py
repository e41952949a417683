"""Weights of a file beside those of a model, in the model's layout."""

import keras
import numpy as np

from keras_sphereface.backend.keras_internals import all_layers, operation_of
from keras_sphereface.interop.import_report import ImportReport, WeightRow
from keras_sphereface.interop.pixels import Pixels

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


def match_weights(embedder, found, pixels=None):
    """Finds a value for every weight of an embedder.

    The first convolution is turned to RGB pixels scaled as ours are, by 127.5:
    its input channels change places and its kernel is multiplied. Zero padding
    is the mean under any scale, so borders agree.

    Args:
        embedder: `keras.Model` of `build_embedding_model`.
        found: `FoundNetwork`.
        pixels: `Pixels` that the network was trained on. Defaults to `None`,
            those of the family.

    Returns:
        `(report, values)`: an `ImportReport`, and a list of `(variable,
        array)` of what matched.
    """
    family = found.family
    state = dict(found.state)
    if family.prepare is not None:
        family.prepare(state)
    pairs = family.pairs(state)
    pixels = pixels or Pixels.of(family, None, None, None)
    is_keras = family.layout == "keras"
    stem = f"{pairs[0].source}.{'kernel' if is_keras else 'weight'}"
    axis = 2 if is_keras else 1
    if stem in state and state[stem].ndim == 4 and state[stem].shape[axis] == 3:
        state[stem] = pixels.kernel_of_ours(state[stem], axis)
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
            if is_keras:
                leaf = variable.name
            source = f"{pair.source}.{leaf}"
            array = state.get(source)
            weight = f"{pair.layer}/{variable.name}"
            shape = tuple(variable.shape)
            if leaf is None or array is None:
                rows.append(WeightRow(weight, shape, source, None, "missing"))
                continue
            used.add(source)
            if is_keras:
                value = _of_keras(array, shape)
            else:
                value = _to_keras(array, pair.kind, layer, shape)
            fits = value is not None and value.shape == shape
            status = "matched" if fits else "shape"
            if fits and not np.isfinite(value).all():
                status = "not finite"
            rows.append(WeightRow(weight, shape, source, array.shape, status))
            if status == "matched":
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
    report = ImportReport(
        family.name,
        found.prefix,
        tuple(rows),
        color_order=pixels.color_order,
        pixel_mean=pixels.mean,
        pixel_scale=pixels.scale,
    )
    return report, values


def _of_keras(array, shape):
    """The array in the layer's shape, if they are the same but for ones."""
    array = np.asarray(array, "float32")
    sizes = [[n for n in sizes if n != 1] for sizes in (array.shape, shape)]
    return array.reshape(shape) if sizes[0] == sizes[1] else None


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
