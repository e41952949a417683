"""Export to a TFLite file, for LiteRT on phones and small computers."""

import os
import tempfile

import numpy as np
import tensorflow as tf

from keras_sphereface.contract import SIGNATURE
from keras_sphereface.export.calibration import read_calibration
from keras_sphereface.export.embedder import (
    as_float32,
    check_embedder,
)
from keras_sphereface.export.errors import ExportError
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
from keras_sphereface.export.tflite_file import (
    add_manifest,
    add_unit_normalization,
    run_signature,
)
from keras_sphereface.files import new_file

QUANTIZATIONS = ("float32", "float16", "dynamic", "int8")


def export_litert(
    embedder,
    path,
    *,
    quantization="float32",
    calibration=None,
    operating_points=None,
    training=None,
):
    """Writes a TFLite file that turns face images into unit embeddings.

    Whatever the quantization, an app sees the same: signature `embed` takes
    `images`, float32 RGB pixels `[batch_size, height, width, 3]` in
    `[0, 255]`, and returns `embeddings`, float32 `[batch_size, embedding_dim]`
    of norm 1. An embedding of all zeros has no direction and comes out as
    zeros. Only operations built into TFLite are used, and the file carries its
    manifest, so `edge.FaceVerifier` needs nothing else.

    The file is compared with Keras on a few images (int8: calibration images)
    before it is written. It appears complete or not at all.

    Args:
        embedder: `keras.Model`, images to embeddings of any norm. A model in
            mixed precision is exported in float32.
        path: str or path of the file; an older one is replaced at the end.
        quantization: `"float32"`; `"float16"`, weights in half the size;
            `"dynamic"`, weights in int8 and activations in float; `"int8"`,
            both in int8. Defaults to `"float32"`.
        calibration: for `"int8"`, an array or iterable of images, or a folder;
            see `read_calibration`. Same images, same file. Defaults to `None`.
        operating_points: sequence of `contract.OperatingPoint`, or a report
            that has `.operating_points`. Defaults to `None`, no thresholds.
        training: dict of JSON values, how the model was trained. Defaults to
            `None`.

    Returns:
        `ExportReport`.

    Example:

    ```python
    export_litert(recognizer.embedder, "face.tflite", operating_points=report)
    edge.FaceVerifier("face.tflite").verify(image_a, image_b)
    ```
    """
    if quantization not in QUANTIZATIONS:
        raise ValueError(
            f"`quantization` must be one of {list(QUANTIZATIONS)}. "
            f"Received: quantization={quantization!r}"
        )
    check_embedder(embedder)
    manifest = build_manifest(
        embedder,
        quantization=quantization,
        operating_points=operating_points,
        training=training,
    )
    images = probe_images(manifest.input)
    if quantization == "int8":
        calibration = read_calibration(calibration, manifest.input)
        images = _evenly_spaced(calibration, len(images)).astype(np.float32)
    elif calibration is not None:
        raise ValueError(
            '`calibration` is only used with `quantization="int8"`. '
            f"Received: quantization={quantization!r} with calibration"
        )
    embedder = as_float32(embedder)
    expected = expected_embeddings(embedder, images)
    with native_logs_hidden():
        content = _convert(
            embedder, quantization, calibration, typical_scale(expected)
        )
        content = add_manifest(content, manifest.to_json())
        found = run_signature(content, SIGNATURE, images)
    error = check_parity(expected, found, quantization)
    with new_file(path) as unfinished:
        unfinished.write_bytes(content)
    return ExportReport(
        path=os.fspath(path),
        quantization=quantization,
        size_bytes=len(content),
        score_error=error,
        calibration_images=0 if calibration is None else len(calibration),
    )


def _convert(embedder, quantization, calibration, scale):
    # int8 gets its normalization afterwards, in float.
    normalize = quantization != "int8"
    with tempfile.TemporaryDirectory() as folder:
        write_signatures(
            embedder,
            folder,
            scale=scale,
            normalize=normalize,
            with_uint8=False,
        )
        # Concrete functions of a plain tf.Module would lose Keras's variables.
        converter = tf.lite.TFLiteConverter.from_saved_model(
            folder, signature_keys=[SIGNATURE]
        )
        _set_quantization(converter, quantization, calibration)
        try:
            content = converter.convert()
        except Exception as error:
            raise ExportError(
                f"TFLite cannot express the embedder in {quantization} with "
                f"its built-in operations: {error}"
            ) from error
    return content if normalize else add_unit_normalization(content)


def _set_quantization(converter, quantization, calibration):
    builtins = tf.lite.OpsSet.TFLITE_BUILTINS
    if quantization != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if quantization == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if quantization == "int8":
        builtins = tf.lite.OpsSet.TFLITE_BUILTINS_INT8
        converter.representative_dataset = lambda: (
            [image[None].astype(np.float32)] for image in calibration
        )
    converter.target_spec.supported_ops = [builtins]


def _evenly_spaced(images, count):
    return images[np.linspace(0, len(images) - 1, count).astype(int)]
