"""Export to a TensorFlow SavedModel."""

import dataclasses
import errno
import os
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from keras_sphereface.contract import MANIFEST_FILE, folder_checksum
from keras_sphereface.contract.arguments import check_integer
from keras_sphereface.contract.image_sources import Images
from keras_sphereface.evaluation import PairSet
from keras_sphereface.export.artifact_manifest import (
    OperatingPoints,
    build_manifest,
)
from keras_sphereface.export.embedder import as_float32, check_embedder
from keras_sphereface.export.export_report import ExportReport
from keras_sphereface.export.native_logs import native_logs_hidden
from keras_sphereface.export.parity_check import ParityCheck
from keras_sphereface.export.signatures import write_signatures
from keras_sphereface.files import new_folder


def export_saved_model(
    embedder: keras.Model,
    folder: str | os.PathLike,
    *,
    operating_points: OperatingPoints | None = None,
    training: dict[str, Any] | None = None,
    faces: Images | None = None,
    pairs: PairSet | None = None,
    force: bool = False,
    version: int | None = None,
) -> ExportReport:
    """Writes a SavedModel that turns face images into unit embeddings.

    It loads with `tf.saved_model.load`, without this package. Signature
    `embed` (also `serving_default`) takes `images`, float32 RGB pixels
    `[batch_size, height, width, 3]` in `[0, 255]`, and returns `embeddings`,
    float32 `[batch_size, embedding_dim]` of norm 1. Signature `verify` takes
    `images_a` and `images_b` and returns `scores`, `[batch_size]`, cosine
    similarities. `embed_uint8` and `verify_uint8` take uint8. An embedding of
    all zeros has no direction and comes out as zeros. `manifest.json` in the
    folder says what the model wants and its thresholds.

    `embed_encoded` takes `image_bytes`, strings `[batch_size]`, JPEG or PNG
    files of crops. Beside `embeddings` it returns `errors`, strings
    `[batch_size]`: empty, or why a file cannot be used, as one of another size
    than the model's, a truncated one, or one that its metadata turn. Its
    embedding is zeros, and the others of the batch, which a server makes of
    the requests of many clients, are what they would be without it.

    The export is compared with Keras first; see `faces`. The folder appears
    complete or not at all; an older export is replaced at the end.

    Args:
        embedder: `keras.Model`, images to embeddings of any norm. A model in
            mixed precision is exported in float32.
        folder: str or path. Must be new, empty, or an older export.
        operating_points: sequence of `contract.OperatingPoint`, or a report
            that has `.operating_points`. Defaults to `None`, no thresholds.
        training: dict of JSON values, how the model was trained. Defaults to
            `None`.
        faces: images to compare with Keras on, an array, a list, a folder or
            a data set; see `contract.list_images`. Defaults to `None`, four
            images of noise.
        pairs: `PairSet` on which accuracy and TAR are compared.
            Defaults to `None`.
        force: bool, whether to write a model that the comparison refuses.
            Defaults to `False`.
        version: int, at least 1. The SavedModel is then `<folder>/<version>`,
            as TensorFlow Serving wants it, which takes the highest one as
            soon as it is there. A version that exists is an error, never
            replaced. Defaults to `None`, the folder itself.

    Returns:
        `ExportReport`.

    Example:

    ```python
    export_saved_model(recognizer.embedder, "face_model")
    embed = tf.saved_model.load("face_model").signatures["embed"]
    embeddings = embed(images=images)["embeddings"]
    ```
    """
    if version is not None:
        folder = _version_folder(folder, version)
    check_embedder(embedder)
    manifest = build_manifest(
        embedder,
        quantization="float32",
        operating_points=operating_points,
        training=training,
    )
    embedder = as_float32(embedder)
    check = ParityCheck(embedder, manifest, faces=faces, pairs=pairs)
    replaces = "saved_model.pb" if version is None else None
    with new_folder(folder, replaces=replaces) as unfinished:
        with native_logs_hidden():
            try:
                write_signatures(embedder, unfinished)
            except tf.errors.OpError as error:  # it names a temporary file
                raise OSError(
                    errno.EIO, error.message, os.fspath(folder)
                ) from error
        manifest = dataclasses.replace(
            manifest,
            checksum=folder_checksum(unfinished, without=MANIFEST_FILE),
        )
        (unfinished / MANIFEST_FILE).write_text(
            manifest.to_json(), encoding="utf-8"
        )
        with native_logs_hidden():
            return check.report(unfinished, folder, force=force)


def _version_folder(folder: str | os.PathLike, version: int) -> Path:
    """The new folder of a version."""
    version = check_integer("version", version, at_least=1)
    path = Path(folder) / str(version)
    if (Path(folder) / "saved_model.pb").exists():
        raise ValueError(
            "`folder` must hold one folder for each version, and is a "
            f"SavedModel itself. Received: folder={os.fspath(folder)!r}, "
            f"version={version}"
        )
    if path.exists():
        raise ValueError(
            "`version` must be new, since servers and clients may be using an "
            f"older one. Received: version={version}, and there is "
            f"{os.fspath(path)!r}"
        )
    return path
