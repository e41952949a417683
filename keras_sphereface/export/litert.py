"""Export to a TFLite file, for LiteRT on phones and small computers."""

import os
import tempfile
from collections.abc import Iterable
from typing import Any

import keras
import tensorflow as tf

from keras_sphereface.contract import (
    QUANTIZATIONS,
    SIGNATURE,
    VERIFY_SIGNATURE,
    seal,
)
from keras_sphereface.contract.arguments import check_choice, check_integer
from keras_sphereface.contract.image_sources import Images
from keras_sphereface.evaluation import PairSet
from keras_sphereface.export.activation_quantizer import (
    layer_errors,
    quantize_activations,
)
from keras_sphereface.export.artifact_manifest import (
    OperatingPoints,
    build_manifest,
)
from keras_sphereface.export.embedder import as_float32, check_embedder
from keras_sphereface.export.export_error import ExportError
from keras_sphereface.export.export_report import ExportReport
from keras_sphereface.export.graph_editor import GraphEditor
from keras_sphereface.export.native_logs import native_logs_hidden
from keras_sphereface.export.parity_check import ParityCheck
from keras_sphereface.export.representative_images import (
    read_calibration,
)
from keras_sphereface.export.signatures import write_raw_signature
from keras_sphereface.export.tflite_model import (
    add_manifest,
    read_model,
    write_model,
)
from keras_sphereface.files import new_file

_INTEGER = ("int8", "int16x8")
_SIGNATURES = ((SIGNATURE,), (SIGNATURE, VERIFY_SIGNATURE))


def export_litert(
    embedder: keras.Model,
    path: str | os.PathLike,
    *,
    quantization: str = "float32",
    calibration: Images | None = None,
    batch_size: int | None = None,
    output_dtype: str = "float32",
    signatures: Iterable[str] = (SIGNATURE, VERIFY_SIGNATURE),
    operating_points: OperatingPoints | None = None,
    training: dict[str, Any] | None = None,
    faces: Images | None = None,
    pairs: PairSet | None = None,
    force: bool = False,
) -> ExportReport:
    """Writes a TFLite file that turns face images into unit embeddings.

    Signature `embed` takes `images`, RGB pixels in `[0, 255]`,
    `[batch_size, height, width, 3]`, and returns `embeddings`,
    `[batch_size, embedding_dim]` of norm 1. Signature `verify` takes
    `images_a` and `images_b`, which must be as many, since TFLite has no
    operation to check it, and returns `scores`, float32 `[batch_size]`, cosine
    similarities; the weights are stored once. Pixels are float32, and
    uint8 for `quantization="int8"`. An embedding of all zeros has no direction
    and comes out as zeros. Only operations built into TFLite are used, and the
    file carries its manifest, so `edge.FaceVerifier` needs nothing else.

    | `quantization` | weights | activations | for |
    |---|---|---|---|
    | `"float32"` | float32 | float32 | servers, reference |
    | `"float16"` | float16 | float32 | GPU delegates |
    | `"dynamic"` | int8 | float32 | a small file without calibration |
    | `"int8"` | int8 | int8 | phone CPUs: smallest and fastest |
    | `"int16x8"` | int8 | int16 | DSPs that have it; slow on CPUs |

    The finished file is opened as a device would and compared with Keras; see
    `faces`. It appears complete or not at all.

    Args:
        embedder: `keras.Model`, images to embeddings of any norm. A model in
            mixed precision is exported in float32.
        path: str or path of the file; an older one is replaced at the end.
        quantization: see above. Defaults to `"float32"`.
        calibration: for `"int8"` and `"int16x8"`, an array, a list, a folder
            or a data set; see `contract.list_images`. Of more than 256 images
            in a folder or a data set, 256 evenly spaced are read. Same
            images, same file. Defaults to `None`.
        batch_size: int, at least 1, for delegates that want a fixed one.
            Defaults to `None`, any.
        output_dtype: `"float32"`, or `"int8"` with a scale for `"int8"` files;
            the scores of `verify` stay float32. Defaults to `"float32"`.
        signatures: `("embed",)` or `("embed", "verify")`. A runtime prepares
            each, at the cost of memory. Defaults to both.
        operating_points: sequence of `contract.OperatingPoint`, or a report
            that has `.operating_points`. Defaults to `None`, no thresholds.
        training: dict of JSON values, how the model was trained. Defaults to
            `None`.
        faces: images to compare with Keras on, in the forms of `calibration`.
            Defaults to `None`: up to 64 of the calibration, or four of noise.
        pairs: `PairSet` on which accuracy and TAR are compared.
            Defaults to `None`.
        force: bool, whether to write a file that the comparison refuses.
            Defaults to `False`.

    Returns:
        `ExportReport`.

    Raises:
        ValueError: an argument is wrong.
        ExportError: TFLite lacks the operations, or the file is further from
            Keras than `export.parity` allows.

    Example:

    ```python
    export_litert(recognizer.embedder, "face.tflite", operating_points=report)
    edge.FaceVerifier("face.tflite").verify(image_a, image_b)
    ```
    """
    check_choice("quantization", quantization, QUANTIZATIONS)
    if batch_size is not None:
        batch_size = check_integer("batch_size", batch_size, at_least=1)
    _check_output_dtype(output_dtype, quantization)
    signatures = check_choice("signatures", tuple(signatures), _SIGNATURES)
    check_embedder(embedder)
    manifest = build_manifest(
        embedder,
        quantization=quantization,
        operating_points=operating_points,
        training=training,
        input_dtype="uint8" if quantization == "int8" else "float32",
    )
    if quantization in _INTEGER:
        calibration = read_calibration(calibration, manifest.input)
    elif calibration is not None:
        raise ValueError(
            '`calibration` is only used with `quantization="int8"` or '
            f'"int16x8". Received: quantization={quantization!r} with '
            "calibration"
        )
    embedder = as_float32(embedder)
    check = ParityCheck(
        embedder, manifest, faces=faces, calibration=calibration, pairs=pairs
    )
    with native_logs_hidden():
        content = _convert(embedder, quantization, batch_size)
        model, layers = read_model(content), None
        if calibration is not None:
            graph = GraphEditor(model)
            graph.fix_reshapes()
            content = write_model(model)
            quantized = quantize_activations(content, quantization, calibration)
            layers = layer_errors(content, quantized, calibration[:8])
            model = read_model(quantized)
        graph = GraphEditor(model)
        graph.fix_reshapes()
        if quantization == "int8":
            graph.take_uint8()
        graph.shorten_names()
        graph.normalize()
        if VERIFY_SIGNATURE in signatures:
            graph.add_verify()
        if output_dtype == "int8":
            graph.quantize_output(1 / 127)
        add_manifest(model, manifest.to_json())
        content = seal(write_model(model))
    with new_file(path) as unfinished:
        unfinished.write_bytes(content)
        return check.report(
            unfinished,
            path,
            force=force,
            calibration_images=0 if calibration is None else len(calibration),
            layers=layers,
        )


def _convert(
    embedder: keras.Model, quantization: str, batch_size: int | None
) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        write_raw_signature(embedder, folder, batch_size=batch_size)
        # Concrete functions of a plain tf.Module would lose Keras's variables.
        converter = tf.lite.TFLiteConverter.from_saved_model(
            folder, signature_keys=[SIGNATURE]
        )
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        if quantization in ("float16", "dynamic"):
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if quantization == "float16":
            converter.target_spec.supported_types = [tf.float16]
        try:
            return converter.convert()
        except Exception as error:
            raise ExportError(
                f"TFLite cannot express the embedder in {quantization} with "
                f"its built-in operations: {error}"
            ) from error


def _check_output_dtype(output_dtype: str, quantization: str) -> None:
    check_choice("output_dtype", output_dtype, ("float32", "int8"))
    if output_dtype == "int8" and quantization != "int8":
        raise ValueError(
            '`output_dtype` must be "float32", or "int8" for an int8 file. '
            f"Received: output_dtype={output_dtype!r} with "
            f"quantization={quantization!r}"
        )
