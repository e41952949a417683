"""Export to a TensorFlow SavedModel."""

import os
from pathlib import Path

import tensorflow as tf

from keras_sphereface.contract import SIGNATURE
from keras_sphereface.export.embedder import (
    as_float32,
    check_embedder,
)
from keras_sphereface.export.manifest import build_manifest
from keras_sphereface.export.native_logs import native_logs_hidden
from keras_sphereface.export.parity import (
    check_parity,
    expected_embeddings,
    probe_images,
    typical_scale,
)
from keras_sphereface.export.report import ExportReport
from keras_sphereface.export.signatures import write_signatures
from keras_sphereface.files import new_folder


def export_saved_model(
    embedder, folder, *, operating_points=None, training=None
):
    """Writes a SavedModel that turns face images into unit embeddings.

    It loads with `tf.saved_model.load`, without this package. Signature
    `embed` (also `serving_default`) takes `images`, float32 RGB pixels
    `[batch_size, height, width, 3]` in `[0, 255]`, and returns `embeddings`,
    float32 `[batch_size, embedding_dim]` of norm 1; `embed_uint8` takes uint8.
    An embedding of all zeros has no direction and comes out as zeros.
    `manifest.json` in the folder says what the model wants and its thresholds.

    The export is compared with Keras on a few images first. The folder appears
    complete or not at all; an older export is replaced at the end.

    Args:
        embedder: `keras.Model`, images to embeddings of any norm. A model in
            mixed precision is exported in float32.
        folder: str or path. Must be new, empty, or an older export.
        operating_points: sequence of `contract.OperatingPoint`, or a report
            that has `.operating_points`. Defaults to `None`, no thresholds.
        training: dict of JSON values, how the model was trained. Defaults to
            `None`.

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
    images = probe_images(manifest.input)
    expected = expected_embeddings(embedder, images)
    with new_folder(folder, replaces="saved_model.pb") as unfinished:
        with native_logs_hidden():
            write_signatures(
                embedder, unfinished, scale=typical_scale(expected)
            )
            embed = tf.saved_model.load(str(unfinished)).signatures[SIGNATURE]
            found = embed(images=tf.constant(images))["embeddings"]
        error = check_parity(expected, found, "float32")
        (unfinished / "manifest.json").write_text(
            manifest.to_json(), encoding="utf-8"
        )
    files = (file for file in Path(folder).rglob("*") if file.is_file())
    return ExportReport(
        path=os.fspath(folder),
        quantization="float32",
        size_bytes=sum(file.stat().st_size for file in files),
        score_error=error,
    )
