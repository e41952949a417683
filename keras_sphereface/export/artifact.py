"""Opening what was exported, by us or by others, to embed images with it."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from keras_sphereface.contract import MANIFEST_FILE, ManifestError
from keras_sphereface.edge import FaceVerifier
from keras_sphereface.edge.artifact_file import ArtifactFile
from keras_sphereface.edge.keyed_seal import read_folder_manifest
from keras_sphereface.export.embedder import load_embedder
from keras_sphereface.export.foreign_litert import TfliteGraph
from keras_sphereface.export.foreign_onnx import OnnxGraph
from keras_sphereface.export.input_form import Graph, InputForm, resolve_input
from keras_sphereface.export.opened_embedder import OpenedEmbedder
from keras_sphereface.export.saved_graph import SavedGraph
from keras_sphereface.export.stated_input import Numbers, StatedInput
from keras_sphereface.models import embedding_function


def open_embedder(
    path: str | os.PathLike,
    *,
    input_layout: str | None = None,
    color_order: str | None = None,
    pixel_mean: Numbers | None = None,
    pixel_scale: Numbers | None = None,
    fit: str | None = None,
    key: bytes | None = None,
) -> OpenedEmbedder:
    """Opens a model of any kind as a function of images.

    | `path` | what it is |
    |---|---|
    | `*.keras` | a saved embedder, or a model that has one |
    | a folder | a SavedModel with a signature `embed`, or else a default one |
    | `*.tflite` | a file of `export_litert`, or of others |
    | `*.onnx` | a file of `export_onnx`, or of others |

    A file or folder of this package that is no longer what the exporter wrote
    is an error. A model of others takes what is stated. Not stated, the layout
    is read where one axis has three channels, and the scaling where the input
    is uint8 or has the range of a usual one; a SavedModel, and an ONNX file
    with channels last, then takes unscaled RGB pixels. What else is missing is
    an error.

    A SavedModel is a program: whatever is in it runs, with your rights, and may
    read and write files. A `.keras` file may name classes that were registered
    before. Open those of people you trust only, or pass a `key`.

    Args:
        path: str or path.
        input_layout: `"NHWC"`, channels last, or `"NCHW"`, channels first.
            Defaults to `None`.
        color_order: `"RGB"` or `"BGR"`, what the network was trained on.
            Defaults to `None`.
        pixel_mean: float, or three in the network's color order: its value is
            `(pixel - pixel_mean) / pixel_scale` of pixels in `[0, 255]`.
            Defaults to `None`.
        pixel_scale: float above 0, or three. Defaults to `None`.
        fit: `"width"` or `"both"`: images of another size than the model
            takes are cut or padded as `contract.fit_crops` does. Defaults to
            `None`: they are an error.
        key: bytes, the secret of `edge.seal_with_key`. Only files and folders
            sealed with it are opened, and nothing of another runs. Defaults
            to `None`: everything is opened.

    Returns:
        `OpenedEmbedder`: a callable, uint8 images `[batch_size, height, width,
        3]` to an array of embeddings `[batch_size, embedding_dim]`, with the
        `size` of the images and `notes` on what was stated or guessed.

    Raises:
        ValueError: something must be stated, contradicts the file, or is
            stated of a model of this package, which says it itself.
        ManifestError: with a `key`, the model was not sealed with it.
    """
    stated = StatedInput(input_layout, color_order, pixel_mean, pixel_scale)
    name = Path(path).name
    if is_foreign(path) and key is None:
        graph = _open_foreign(Path(path))
        form = resolve_input(graph, stated)
        notes = (form.sentence(name), *graph.notes)
        return OpenedEmbedder(
            _through(graph, form), name, size=form.size, fit=fit, notes=notes
        )
    if stated.given:
        raise ValueError(
            f"`{next(iter(stated.given))}` is stated of models of others; this "
            "one takes RGB pixels in [0, 255], channels last. "
            f"Received: {stated.given} for path={os.fspath(path)!r}"
        )
    embed, size = _open_own(Path(path), key)
    return OpenedEmbedder(embed, name, size=size, fit=fit)


def is_foreign(path: str | os.PathLike) -> bool:
    """Whether a model is one of others, so that its input may be stated.

    Args:
        path: str or path of a model of any kind that `open_embedder` takes.

    Returns:
        bool; `False` for `.keras` files, and for what has a manifest of this
        package.
    """
    name = os.fspath(path)
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"There is no model. Received: path={name!r}")
    if path.is_dir():
        if not (path / "saved_model.pb").is_file():
            raise ValueError(
                "`path` must be a SavedModel folder, with a saved_model.pb. "
                f"Received: path={name!r}"
            )
        return not (path / MANIFEST_FILE).is_file()
    if path.suffix not in (".keras", ".tflite", ".onnx"):
        raise ValueError(
            "`path` must be a SavedModel folder or a file ending in .keras, "
            f".tflite or .onnx. Received: path={name!r}"
        )
    if path.suffix == ".keras":
        return False
    return ArtifactFile.read(path).manifest_text is None


def _open_foreign(path: Path) -> Graph:
    if path.is_dir():
        return SavedGraph(path)
    if path.suffix == ".tflite":
        return TfliteGraph(ArtifactFile.read(path))
    return OnnxGraph(path)


def _open_own(
    path: Path, key: bytes | None
) -> tuple[Callable[[np.ndarray], Any], tuple[int, int] | None]:
    """A function of images, and the size of the images."""
    if path.suffix == ".keras":
        if key is not None:
            raise ManifestError(
                "With a `key` only a SavedModel folder, a .tflite or an .onnx "
                f"file is opened. Received: path={os.fspath(path)!r}"
            )
        model = load_embedder(path)
        inputs = getattr(model, "inputs", None) or []
        shape = tuple(inputs[0].shape) if len(inputs) == 1 else ()
        is_fixed = len(shape) == 4 and None not in shape[1:3]
        return embedding_function(model), shape[1:3] if is_fixed else None
    if path.is_dir():
        read_folder_manifest(path, key)  # raises if it was changed
        graph = SavedGraph(path)
        return graph.run, (graph.input_shape[1], graph.input_shape[2])
    # The evaluation says itself whether mirror images are added.
    verifier = FaceVerifier(path, flip=False, key=key)
    wanted = verifier.manifest.input
    return verifier.embed, (wanted.height, wanted.width)


def _through(
    graph: Graph, form: InputForm
) -> Callable[[np.ndarray], np.ndarray]:
    """Images through a graph, in batches of the size it takes."""
    fixed_batch = graph.input_shape[0]

    def embed(images: np.ndarray) -> np.ndarray:
        parts = []
        step = fixed_batch or len(images)
        for start in range(0, len(images), step):
            batch = form.prepare(images[start : start + step])
            count = len(batch)
            if count < step:
                last = np.repeat(batch[-1:], step - count, axis=0)
                batch = np.concatenate([batch, last])
            parts.append(_rows(graph.run(batch), step, graph.name)[:count])
        return np.concatenate(parts)

    return embed


def _rows(output: np.ndarray, batch_size: int, name: str) -> np.ndarray:
    """One embedding per image; axes of one, as after pooling, are dropped."""
    shape = output.shape
    is_row = len(shape) >= 2 and sum(size > 1 for size in shape[1:]) <= 1
    if not is_row or shape[0] != batch_size:
        raise ValueError(
            "`path` must return one embedding per image, [batch_size, "
            f"embedding_dim]. Received: {list(shape)} of {batch_size} images "
            f"in {name!r}"
        )
    return np.asarray(output, np.float32).reshape(batch_size, -1)
