"""Export to a TensorFlow SavedModel."""

import dataclasses
import errno
import os
from typing import Any

import keras
import tensorflow as tf

from keras_sphereface.contract import MANIFEST_FILE, folder_checksum
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

    Returns:
        `ExportReport`.

    Example:

    ```python
    export_saved_model(recognizer.embedder, "face_model")
    embed = tf.saved_model.load("face_model").signatures["embed"]
    embeddings = embed(images=images)["embeddings"]
    ```
    """
    check_embedder(embedder)
    manifest = build_manifest(
        embedder,
        quantization="float32",
        operating_points=operating_points,
        training=training,
    )
    embedder = as_float32(embedder)
    check = ParityCheck(embedder, manifest, faces=faces, pairs=pairs)
    with new_folder(folder, replaces="saved_model.pb") as unfinished:
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
