"""Export to an ONNX file, for ONNX Runtime."""

import contextlib
import gc
import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from keras_sphereface.contract import MANIFEST_NAME, seal
from keras_sphereface.contract.arguments import check_integer
from keras_sphereface.contract.image_sources import Images
from keras_sphereface.evaluation import PairSet
from keras_sphereface.export.artifact_manifest import (
    OperatingPoints,
    build_manifest,
)
from keras_sphereface.export.embedder import as_float32, check_embedder
from keras_sphereface.export.export_error import ExportError
from keras_sphereface.export.export_report import ExportReport
from keras_sphereface.export.native_logs import native_logs_hidden
from keras_sphereface.export.parity_check import ParityCheck
from keras_sphereface.files import new_file

if TYPE_CHECKING:
    import onnx

OPSETS = range(13, 19)  # what tf2onnx writes


def export_onnx(
    embedder: keras.Model,
    path: str | os.PathLike,
    *,
    opset: int = 17,
    operating_points: OperatingPoints | None = None,
    training: dict[str, Any] | None = None,
    faces: Images | None = None,
    pairs: PairSet | None = None,
    force: bool = False,
) -> ExportReport:
    """Writes an ONNX file that turns face images into unit embeddings.

    Input `images`, float32 RGB pixels `[batch_size, height, width, 3]` in
    `[0, 255]`; output `embeddings`, float32 `[batch_size, embedding_dim]` of
    norm 1, and zeros where an embedding is all zeros. The manifest is in
    `metadata_props`, and `edge.FaceVerifier` opens the file with ONNX Runtime.

    The file is checked by `onnx.checker`, opened as a device would and
    compared with Keras; see `faces`. It appears complete or not at all.

    Args:
        embedder: `keras.Model`, images to embeddings of any norm. A model in
            mixed precision is exported in float32.
        path: str or path of the file; an older one is replaced at the end.
        opset: int in `[13, 18]`, version of the operations. Defaults to `17`.
        operating_points: sequence of `contract.OperatingPoint`, or a report
            that has `.operating_points`. Defaults to `None`, no thresholds.
        training: dict of JSON values, how the model was trained. Defaults to
            `None`.
        faces: images to compare with Keras on, an array, a list, a folder or
            a data set; see `contract.list_images`. Defaults to `None`, four
            images of noise.
        pairs: `PairSet` on which accuracy and TAR are compared.
            Defaults to `None`.
        force: bool, whether to write a file that the comparison refuses.
            Defaults to `False`.

    Returns:
        `ExportReport`.

    Example:

    ```python
    export_onnx(recognizer.embedder, "face.onnx", operating_points=report)
    edge.FaceVerifier("face.onnx").verify(image_a, image_b)
    ```
    """
    opset = check_integer(
        "opset", opset, at_least=OPSETS[0], at_most=OPSETS[-1]
    )
    check_embedder(embedder)
    manifest = build_manifest(
        embedder,
        quantization="float32",
        operating_points=operating_points,
        training=training,
    )
    embedder = as_float32(embedder)
    check = ParityCheck(embedder, manifest, faces=faces, pairs=pairs)
    with native_logs_hidden():
        model = _convert(embedder, manifest.input.shape, opset)
    entry = model.metadata_props.add()
    entry.key, entry.value = MANIFEST_NAME, manifest.to_json()
    with new_file(path) as unfinished:
        unfinished.write_bytes(seal(model.SerializeToString()))
        return check.report(unfinished, path, force=force)


def _convert(
    embedder: keras.Model, shape: Sequence[int], opset: int
) -> "onnx.ModelProto":
    onnx, tf2onnx = _packages()

    @tf.function(input_signature=[tf.TensorSpec((None, *shape), name="images")])
    def embed(images: tf.Tensor) -> tf.Tensor:
        embeddings = embedder(images, training=False)
        squared = tf.reduce_sum(embeddings**2, axis=-1, keepdims=True)
        # The floor bounds the division, so that 0 gives 0, not NaN.
        unit = embeddings * tf.math.rsqrt(tf.maximum(squared, 1e-36))
        return tf.identity(unit, name="embeddings")

    try:
        with _frequent_collection():
            model, _ = tf2onnx.convert.from_function(
                embed,
                embed.input_signature,
                opset=opset,
                custom_op_handlers={"Erfc": (_one_minus_erf, [])},
            )
        _name_ends(model.graph)
        onnx.checker.check_model(model, full_check=True)
    except Exception as error:
        raise ExportError(
            f"ONNX opset {opset} cannot express the embedder: {error}"
        ) from error
    return model


@contextlib.contextmanager
def _frequent_collection() -> Iterator[None]:
    """Lets Python free soon what is made from here on.

    tf2onnx copies the graph, weights and all, before each of its passes, and
    the copies are cycles, which Python collects the less often the more other
    objects there are; those are set aside.
    """
    if gc.get_freeze_count():  # by the caller, for reasons of their own
        yield
        return
    thresholds = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(thresholds[0], 2, 1)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()


def _one_minus_erf(context: Any, node: Any, name: str, _: Any) -> None:
    """What ONNX has in place of `Erfc`, which TensorFlow's exact GELU is."""
    shapes, dtypes = node.output_shapes, node.output_dtypes
    (value,), (output,) = node.input, node.output
    context.remove_node(name)
    erf = context.make_node("Erf", [value], shapes=shapes, dtypes=dtypes)
    one = context.make_const(f"{name}_one", np.float32(1.0))
    context.make_node(
        "Sub",
        [one.output[0], erf.output[0]],
        outputs=[output],
        shapes=shapes,
        dtypes=dtypes,
    )


def _name_ends(graph: "onnx.GraphProto") -> None:
    """Gives input, output and batch axis their names."""
    (images,), (embeddings,) = graph.input, graph.output
    new = {images.name: "images", embeddings.name: "embeddings"}
    for node in graph.node:
        for names in (node.input, node.output):
            names[:] = [new.get(name, name) for name in names]
    for end in (images, embeddings):
        end.name = new[end.name]
        batch = end.type.tensor_type.shape.dim[0]
        batch.Clear()
        batch.dim_param = "batch_size"


def _packages() -> tuple[Any, Any]:
    try:
        import onnx
        import tf2onnx
    except ImportError as error:
        raise ImportError(
            "Export to ONNX needs the packages tf2onnx and onnx: "
            'pip install "keras-sphereface[onnx]"'
        ) from error
    return onnx, tf2onnx
