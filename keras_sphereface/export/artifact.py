"""Opening what was exported, by us or by others, to embed images with it."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from keras_sphereface.contract import (
    MANIFEST_FILE,
    SIGNATURE,
    Manifest,
    ManifestError,
    folder_checksum,
)
from keras_sphereface.edge import FaceVerifier
from keras_sphereface.edge.artifact_file import ArtifactFile
from keras_sphereface.export.embedder import load_embedder
from keras_sphereface.models import embedding_function


def open_embedder(
    path: str | os.PathLike,
) -> Callable[[np.ndarray], np.ndarray]:
    """Opens a model of any kind as a function of images.

    | `path` | what it is |
    |---|---|
    | `*.keras` | a saved embedder, or a model that has one |
    | a folder | a SavedModel with a signature `embed`, or else a default one |
    | `*.tflite` | a file of `export_litert` |
    | `*.onnx` | a file of `export_onnx`, or a graph of others |

    A file or folder of this package that is no longer what the exporter wrote
    is an error. A graph of others has one input, images, channels last, of
    unscaled pixels.

    Args:
        path: str or path.

    Returns:
        Callable, uint8 images `[batch_size, height, width, 3]` to an array of
        embeddings `[batch_size, embedding_dim]`.
    """
    name = os.fspath(path)
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"There is no model. Received: path={name!r}")
    if path.is_dir():
        return _open_saved_model(path)
    if path.suffix == ".keras":
        return embedding_function(load_embedder(path))
    if path.suffix == ".tflite" or (
        path.suffix == ".onnx" and ArtifactFile.read(path).manifest_text
    ):
        # The evaluation says itself whether mirror images are added.
        return FaceVerifier(path, flip=False).embed
    if path.suffix == ".onnx":
        return _open_onnx(path)
    raise ValueError(
        "`path` must be a SavedModel folder or a file ending in .keras, "
        f".tflite or .onnx. Received: path={name!r}"
    )


def _open_saved_model(path: Path) -> Callable[[np.ndarray], np.ndarray]:
    import tensorflow as tf

    if not (path / "saved_model.pb").is_file():
        raise ValueError(
            "`path` must be a SavedModel folder, with a saved_model.pb. "
            f"Received: path={os.fspath(path)!r}"
        )
    _check_folder(path)
    model = tf.saved_model.load(os.fspath(path))
    run = model.signatures.get(SIGNATURE) or model.signatures.get(
        "serving_default"
    )
    inputs: dict[str, Any] = (
        {} if run is None else run.structured_input_signature[1]
    )
    outputs: dict[str, Any] = {} if run is None else run.structured_outputs
    if len(inputs) != 1 or len(outputs) != 1:
        raise ValueError(
            f"`path` must have a signature {SIGNATURE!r} or a default one, of "
            "one input and one output. "
            f"Received: signatures {list(model.signatures)}, inputs "
            f"{list(inputs)}, outputs {list(outputs)}"
        )
    ((image_name, spec),) = inputs.items()
    (output_name,) = outputs

    def embed(images: np.ndarray) -> np.ndarray:
        pixels = tf.cast(tf.convert_to_tensor(images), spec.dtype)
        return run(**{image_name: pixels})[output_name].numpy()

    # The function lives as long as the model it is of.
    embed.model = model  # type: ignore[attr-defined]  # any function has room
    return embed


def _check_folder(path: Path) -> None:
    """Raises if a SavedModel of this package was changed since its export."""
    file = path / MANIFEST_FILE
    if not file.is_file():
        return
    manifest = Manifest.from_json(file.read_bytes())
    if folder_checksum(path, without=MANIFEST_FILE) != manifest.checksum:
        raise ManifestError(
            "The folder is not what the exporter wrote: its files have another "
            "checksum than its manifest. It was damaged or changed; copy or "
            f"export it again. Received: path={os.fspath(path)!r}"
        )


def _open_onnx(path: Path) -> Callable[[np.ndarray], np.ndarray]:
    try:
        import onnxruntime
    except ImportError as error:
        raise ImportError(
            "ONNX files need onnxruntime: pip install 'keras-sphereface[onnx]'"
        ) from error
    session = onnxruntime.InferenceSession(
        os.fspath(path), providers=["CPUExecutionProvider"]
    )
    inputs, outputs = session.get_inputs(), session.get_outputs()
    shapes = [item.shape for item in inputs]
    if len(inputs) != 1 or len(shapes[0]) != 4 or shapes[0][3] != 3:
        raise ValueError(
            "`path` must take one batch of images, channels last and in "
            "[0, 255]: [batch_size, height, width, 3]. "
            f"Received: inputs {shapes} in {os.fspath(path)!r}"
        )
    dtype = np.uint8 if inputs[0].type == "tensor(uint8)" else np.float32
    one_by_one = shapes[0][0] == 1

    def embed(images: np.ndarray) -> np.ndarray:
        pixels = np.asarray(images).astype(dtype)
        parts = np.split(pixels, len(pixels)) if one_by_one else [pixels]
        return np.concatenate(
            [
                session.run([outputs[0].name], {inputs[0].name: part})[0]
                for part in parts
            ]
        )

    return embed
