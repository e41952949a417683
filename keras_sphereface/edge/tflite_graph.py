"""The operations of a TFLite file and the work in them."""

import math
import os
import struct
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from keras_sphereface.edge.artifact_file import ModelFileError
from keras_sphereface.edge.tflite_file import (
    MAX_TABLES,
    MODEL_OPERATOR_CODES,
    MODEL_SUBGRAPHS,
    child_tables,
    root_table,
)

if TYPE_CHECKING:
    from flatbuffers.table import Table

# Fields of schema.fbs, as in `tflite_file`.
_SUBGRAPH_TENSORS, _SUBGRAPH_INPUTS, _SUBGRAPH_OPERATORS = 4, 6, 10
_TENSOR_SHAPE = 4
_OPERATOR_CODE, _OPERATOR_INPUTS, _OPERATOR_OUTPUTS = 4, 6, 8
_CODE_BEFORE_2020, _CODE = 4, 10
# More than any graph has; vectors may share their place in the file.
_MAX_RANK, _MAX_TENSORS_OF_OPERATION = 8, 256
# Of its enum BuiltinOperator.
_CONV_2D, _DEPTHWISE_CONV_2D, _FULLY_CONNECTED, _TRANSPOSE_CONV = 3, 4, 9, 67
# Those that multiply matrices too: BATCH_MATMUL, CONV_3D and its transpose,
# the recurrent ones, CUSTOM, and StableHLO's convolution and product.
_NOT_COUNTED = {16, 24, 27, 32, 35, 44, 46, 52, 126, 132, 141, 171, 197}


class Operation(NamedTuple):
    """One operation of a graph.

    Args:
        code: int, of the enum BuiltinOperator.
        inputs: list of shapes, `None` for an optional input left out.
        outputs: list of shapes.
    """

    code: int
    inputs: list[list[int] | None]
    outputs: list[list[int] | None]


def count_multiply_adds(path: str | os.PathLike) -> int:
    """Multiply-adds of one image in a TFLite file, whoever made it.

    Convolutions and dense layers count; biases, normalization and activations
    do not, as papers do it.

    Args:
        path: str or path of a `.tflite` file with one image input,
            `[batch_size, height, width, channels]`. If its batch is fixed, the
            work is divided by it.

    Returns:
        int.

    Raises:
        ModelFileError: the file is damaged, or has an operation that this
            function does not know how to count.
    """
    name = os.fspath(path)
    try:
        batch_size, operations = read_operations(Path(path).read_bytes())
        total = sum(_multiply_adds(operation) for operation in operations)
    except ModelFileError as error:
        raise ModelFileError(f"{error} Received: path={name!r}") from error
    return total // batch_size


def _multiply_adds(operation: Operation) -> int:
    code, inputs, outputs = operation
    if code in _NOT_COUNTED:
        raise ModelFileError(
            "The multiply-adds of an operation are not counted: builtin "
            f"operator {code}."
        )
    if code in (_CONV_2D, _FULLY_CONNECTED):
        return _size(outputs, 0) * _size(inputs, 1, slice(1, None))
    if code == _DEPTHWISE_CONV_2D:
        return _size(outputs, 0) * _size(inputs, 1, slice(1, 3))
    if code == _TRANSPOSE_CONV:  # its third input is the image
        return _size(inputs, 2) * _size(inputs, 1, slice(3))
    return 0


def read_operations(content: bytes) -> tuple[int, list[Operation]]:
    """The operations of a file's first graph.

    Args:
        content: bytes of a TFLite file, whole or damaged.

    Returns:
        `(batch_size, operations)`: int, the size of the first input, 1 if it
        is free, and a list of `Operation`.

    Raises:
        ModelFileError: an offset in the file points outside it, or its tables
            make no graph.
    """
    if content[4:8] != b"TFL3":
        raise ModelFileError("The file must be a TFLite file, and is not one.")
    try:
        return _read_operations(content)
    # What `flatbuffers` and `struct` raise where an offset leads astray.
    except (
        struct.error,
        IndexError,
        TypeError,
        ArithmeticError,
        ValueError,
    ) as error:
        raise ModelFileError(
            f"The TFLite file is damaged ({type(error).__name__}: {error})."
        ) from error


def _read_operations(content: bytes) -> tuple[int, list[Operation]]:
    from flatbuffers.number_types import Int8Flags, Int32Flags, Uint32Flags

    model = root_table(content)
    codes = [
        max(
            table.GetSlot(_CODE_BEFORE_2020, 0, Int8Flags),
            table.GetSlot(_CODE, 0, Int32Flags),
        )
        for table in child_tables(model, MODEL_OPERATOR_CODES)
    ]
    graph = child_tables(model, MODEL_SUBGRAPHS)[0]
    shapes = [
        _numbers(tensor, _TENSOR_SHAPE, _MAX_RANK)
        for tensor in child_tables(graph, _SUBGRAPH_TENSORS)
    ]
    if any(size < 0 for shape in shapes for size in shape):
        raise ValueError("a tensor has a negative size")

    def shapes_of(operator: "Table", field: int) -> list[list[int] | None]:
        places = _numbers(operator, field, _MAX_TENSORS_OF_OPERATION)
        if any(place >= len(shapes) for place in places):
            raise ValueError("an operation names a tensor that is not there")
        return [None if place < 0 else shapes[place] for place in places]

    operations = [
        Operation(
            codes[operator.GetSlot(_OPERATOR_CODE, 0, Uint32Flags)],
            shapes_of(operator, _OPERATOR_INPUTS),
            shapes_of(operator, _OPERATOR_OUTPUTS),
        )
        for operator in child_tables(graph, _SUBGRAPH_OPERATORS)
    ]
    first = _numbers(graph, _SUBGRAPH_INPUTS, MAX_TABLES)[0]
    return max(shapes[first][0], 1), operations


def _size(
    shapes: list[list[int] | None], place: int, axes: slice = slice(None)
) -> int:
    shape = shapes[place] if place < len(shapes) else None
    if shape is None:
        raise ModelFileError(
            "An operation lacks a tensor that it computes with."
        )
    return math.prod(shape[axes])


def _numbers(table: "Table", field: int, most: int) -> list[int]:
    """A vector of int32 as a list."""
    offset = table.Offset(field)
    if not offset:
        return []
    count = table.VectorLen(offset)
    if count > most:
        raise ValueError(f"a vector has more than {most} numbers")
    return np.frombuffer(
        table.Bytes, "<i4", count, table.Vector(offset)
    ).tolist()
