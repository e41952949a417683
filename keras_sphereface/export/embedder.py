"""The Keras model that is exported: loaded, checked, in float32."""

import importlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import keras

from keras_sphereface.contract import FaceInput
from keras_sphereface.export.export_error import ExportError


def load_embedder(path: str | os.PathLike) -> keras.Model:
    """Reads the embedder of a `.keras` file.

    Args:
        path: str or path of a saved embedder, or of a saved model that has
            one, such as a `FaceRecognizer`.

    Returns:
        `keras.Model`, images to embeddings.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"There is no model file. Received: path={os.fspath(path)!r}"
        )
    # Importing it registers the classes of the package with Keras.
    importlib.import_module("keras_sphereface.models")
    try:
        model = keras.saving.load_model(path, compile=False)
    except Exception as error:
        raise ValueError(
            "`path` must be a model saved as `.keras` that Keras can load "
            f"({error}). Received: path={os.fspath(path)!r}"
        ) from error
    return getattr(model, "embedder", model)


def check_embedder(embedder: object) -> None:
    """Raises unless the model is one the device can use.

    Args:
        embedder: anything; right is a built functional or sequential
            `keras.Model`, `[batch_size, height, width, 3]` to
            `[batch_size, embedding_dim]`, whose weights are finite.
    """
    if keras.backend.backend() != "tensorflow":
        raise ExportError(
            "Export needs Keras on TensorFlow. Save the embedder as `.keras`, "
            "set KERAS_BACKEND=tensorflow and load it there. "
            f"Received: backend={keras.backend.backend()!r}"
        )
    if not isinstance(embedder, keras.Model):
        raise ValueError(
            "`embedder` must be a keras.Model, images to embeddings. "
            f"Received: embedder of type {type(embedder).__name__}"
        )
    if isinstance(getattr(embedder, "embedder", None), keras.Model):
        raise ValueError(
            "`embedder` must be the embedder alone: pass `model.embedder`. "
            f"Received: embedder of type {type(embedder).__name__}"
        )
    inputs = getattr(embedder, "inputs", None)
    outputs = getattr(embedder, "outputs", None)
    if not inputs or not outputs:
        raise ValueError(
            "`embedder` must be a built functional or sequential model, whose "
            "shapes are known. "
            f"Received: embedder of type {type(embedder).__name__}"
        )
    if len(inputs) != 1 or not _is_image_batch(inputs[0].shape):
        raise ValueError(
            "`embedder` must take one batch of images, "
            "[batch_size, height, width, 3], height and width fixed. "
            f"Received: inputs {[tuple(x.shape) for x in inputs]}"
        )
    if (
        len(outputs) != 1
        or len(outputs[0].shape) != 2
        or outputs[0].shape[1] is None
    ):
        raise ValueError(
            "`embedder` must return one embedding per image, "
            "[batch_size, embedding_dim]. "
            f"Received: outputs {[tuple(x.shape) for x in outputs]}"
        )
    _check_finite(embedder)


def _check_finite(embedder: keras.Model) -> None:
    broken = [
        weight.path
        for weight in embedder.weights
        if "float" in weight.dtype
        and not bool(keras.ops.all(keras.ops.isfinite(weight)))
    ]
    if broken:
        more = f" and {len(broken) - 1} more" if len(broken) > 1 else ""
        raise ValueError(
            "`embedder` must have finite weights; its training diverged. "
            f"Received: NaN or infinity in {broken[0]}{more}"
        )


def describe_input(embedder: keras.Model) -> FaceInput:
    """The images an embedder wants, as a `contract.FaceInput`."""
    _, height, width, channels = embedder.inputs[0].shape
    return FaceInput(height=height, width=width, channels=channels)


def as_float32(embedder: keras.Model) -> keras.Model:
    """The embedder itself if it computes in float32, else such a copy.

    A model trained in `mixed_float16` or `bfloat16` keeps half-precision
    operations in its graph, which few devices have.
    """
    if all(layer.compute_dtype == "float32" for layer in _layers(embedder)):
        return embedder
    config = _with_float32_policies(
        keras.saving.serialize_keras_object(embedder)
    )
    copy = keras.saving.deserialize_keras_object(config)
    copy.set_weights(embedder.get_weights())
    return copy


def _is_image_batch(shape: Sequence[int | None]) -> bool:
    return len(shape) == 4 and shape[3] == 3 and None not in shape[1:]


def _layers(model: keras.Model) -> Iterator[keras.Layer]:
    for layer in model.layers:
        yield layer
        if isinstance(layer, keras.Model):
            yield from _layers(layer)


def _with_float32_policies(config: Any) -> Any:
    if isinstance(config, dict):
        if config.get("class_name") == "DTypePolicy":
            return {**config, "config": {"name": "float32"}}
        return {
            name: _with_float32_policies(value)
            for name, value in config.items()
        }
    if isinstance(config, (list, tuple)):
        return type(config)(_with_float32_policies(item) for item in config)
    return config
