"""What is added to a converted TFLite graph: its ends, and a second signature.

The converter makes `embed` up to the raw embeddings. The rest is the same for
every quantization and stays in float: an int8 normalization has steps of
1/128, and the entries of a 512-dimensional unit embedding are near 1/23.
"""

import copy
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from keras_sphereface.contract import VERIFY_SIGNATURE
from keras_sphereface.export.tflite_model import schema_tools

if TYPE_CHECKING:
    from ai_edge_litert.schema_py_generated import (
        ModelT,
        OperatorT,
        QuantizationParametersT,
        SignatureDefT,
        TensorMapT,
        TensorT,
    )

# Squared norms below are taken for zero; the float32 next to it is 1e-38.
_TINY = 1e-36


class GraphEditor:
    """A TFLite file of one signature, as objects that can be added to.

    Args:
        model: `ModelT` of the TFLite schema, with the signature `embed`, one
            input and one output, `[batch_size, embedding_dim]`.
    """

    def __init__(self, model: "ModelT") -> None:
        _, self.schema = schema_tools()
        self.model = model
        self.graph = model.subgraphs[0]

    def fix_reshapes(self) -> None:
        """Gives reshapes a constant shape that fits any batch.

        Keras flattens to a shape that it computes from the batch, by
        operations that the XNNPACK delegate does not take.
        """
        (batch, *_) = self._shape(self.graph.inputs[0])
        made_by = {
            output: operator
            for operator in self.graph.operators
            for output in operator.outputs
        }
        for operator in self.graph.operators:
            if self._kind(operator) != "RESHAPE" or len(operator.inputs) != 2:
                continue
            pack = made_by.get(operator.inputs[1])
            if pack is None:
                sizes = list(self._constant(operator.inputs[1]))
                free = batch > 0 and sizes[0] == batch
            else:
                parts = [self._constant(index) for index in pack.inputs]
                free = self._kind(pack) == "PACK" and not len(parts[0])
                sizes = [0, *(size for part in parts[1:] for size in part)]
                free = free and len(sizes) == len(parts)
            if free and min(sizes[1:]) > 0:
                shape = np.array([-1, *sizes[1:]], np.int32)
                operator.inputs[1] = self._add_constant("shape", shape)
                operator.builtinOptions = None
                operator.builtinOptionsType = 0
        self._drop_unused()

    def shorten_names(self) -> None:
        """Leaves of a tensor's name the first of the operations fused in it.

        The others are a fiftieth of a small int8 file.
        """
        for tensor in self.graph.tensors:
            tensor.name = tensor.name.split(b";")[0]

    def take_uint8(self) -> None:
        """Lets a graph of float pixels begin with uint8 pixels.

        Of an int8 graph the next operation quantizes them again: from uint8 in
        one step would be shorter, but the XNNPACK delegate does not take it.
        """
        (pixels,) = self.graph.inputs
        images = self._add_tensor(
            "images",
            self._shape(pixels),
            "UINT8",
            self._quantization(scale=1.0, zero_point=0),
        )
        self.graph.operators.insert(
            0, self._operator("DEQUANTIZE", [images], [pixels])
        )
        self.graph.inputs = [images]
        (signature,) = self.model.signatureDefs
        signature.inputs = [self._tensor_map("images", images)]

    def normalize(self) -> None:
        """Ends the graph with float embeddings of norm 1; zeros stay zeros."""
        (raw,) = self.graph.outputs
        # Quantization may have lost what the batch of the output is.
        batch, dim = self._shape(self.graph.inputs[0])[0], self._shape(raw)[-1]
        squares = self._add("MUL", [raw, raw], "squares", [batch, dim])
        axis = self._add_constant("axis", np.array([-1], np.int32))
        total = self._add(
            "SUM",
            [squares, axis],
            "squared_norms",
            [batch, 1],
            options="Reducer",
            keepDims=True,
        )
        tiny = self._add_constant("tiny", np.array([_TINY], np.float32))
        total = self._add("MAXIMUM", [total, tiny], "bounded", [batch, 1])
        factor = self._add("RSQRT", [total], "inverse_norms", [batch, 1])
        unit = self._add("MUL", [raw, factor], "embeddings", [batch, dim])
        self._set_outputs(self.model.signatureDefs[0], {"embeddings": unit})

    def quantize_output(self, scale: float) -> None:
        """Returns embeddings in int8, `scale` times a whole number each.

        Args:
            scale: float above 0.
        """
        (unit,) = self.graph.outputs
        int8 = self._add(
            "QUANTIZE",
            [unit],
            "embeddings_int8",
            self._shape(unit),
            dtype="INT8",
            quantization=self._quantization(scale=scale, zero_point=0),
        )
        self._set_outputs(self.model.signatureDefs[0], {"embeddings": int8})

    def add_verify(self) -> None:
        """Adds the signature `verify`, two batches of images to their scores.

        Both go through the network as one batch. The weights are those of
        `embed`; the file grows by the description of the graph alone.
        """
        embed = self.graph
        self.graph = copy.copy(embed)
        self.graph.name = VERIFY_SIGNATURE
        self.graph.tensors = [copy.copy(tensor) for tensor in embed.tensors]
        self.graph.operators = [copy.copy(item) for item in embed.operators]
        self.model.subgraphs.append(self.graph)

        (images,) = embed.inputs
        (unit,) = embed.outputs
        batch, *image = self._shape(images)
        pairs = 2 * batch if batch > 0 else -1
        if pairs > 0:
            for tensor in self._batched():
                tensor.shape = [pairs, *tensor.shape[1:]]
                tensor.shapeSignature = None
        original = self.graph.tensors[images]
        sides = []
        for name in ("images_a", "images_b"):
            side = copy.copy(original)
            side.name = name.encode()
            side.shape = [max(batch, 1), *image]
            side.shapeSignature = [batch, *image] if batch < 0 else None
            self.graph.tensors.append(side)
            sides.append(len(self.graph.tensors) - 1)
        concatenate = self._operator(
            "CONCATENATION", sides, [images], "Concatenation", axis=0
        )
        self.graph.operators.insert(0, concatenate)
        self.graph.inputs = sides

        dim = self._shape(unit)[-1]
        axis = self._add_constant("batch_axis", np.int32(0))
        halves = [
            self._add_tensor(f"embeddings_{side}", [batch, dim])
            for side in "ab"
        ]
        self.graph.operators.append(
            self._operator("SPLIT", [axis, unit], halves, numSplits=2)
        )
        products = self._add("MUL", halves, "products", [batch, dim])
        axis = self._add_constant("axis", np.array([-1], np.int32))
        scores = self._add(
            "SUM", [products, axis], "scores", [batch], options="Reducer"
        )

        signature = self.schema.SignatureDefT()
        signature.signatureKey = VERIFY_SIGNATURE
        signature.subgraphIndex = len(self.model.subgraphs) - 1
        signature.inputs = [
            self._tensor_map(name, index)
            for name, index in zip(("images_a", "images_b"), sides, strict=True)
        ]
        self._set_outputs(signature, {"scores": scores})
        self.model.signatureDefs.append(signature)
        self.graph = embed

    def _kind(self, operator: "OperatorT") -> str:
        code = self.model.operatorCodes[operator.opcodeIndex]
        value = max(code.builtinCode, code.deprecatedBuiltinCode)
        operators = vars(self.schema.BuiltinOperator)
        return next(k for k, v in operators.items() if v == value)

    def _shape(self, index: int) -> list[int]:
        """The shape of a tensor, -1 for a free batch."""
        tensor = self.graph.tensors[index]
        signature = tensor.shapeSignature
        shape = tensor.shape if signature is None else signature
        return [int(size) for size in shape]

    def _batched(self) -> list["TensorT"]:
        """The tensors that are computed, which all have a batch axis."""
        computed = {i for item in self.graph.operators for i in item.outputs}
        return [
            self.graph.tensors[index]
            for index in sorted(computed | set(self.graph.inputs))
        ]

    def _constant(self, index: int) -> np.ndarray:
        """The numbers in a constant tensor of int32; none if it is computed."""
        data = self.model.buffers[self.graph.tensors[index].buffer].data
        return np.frombuffer(bytes([] if data is None else data), np.int32)

    def _quantization(
        self, *, scale: float, zero_point: int
    ) -> "QuantizationParametersT":
        parameters = self.schema.QuantizationParametersT()
        parameters.scale = [scale]
        parameters.zeroPoint = [zero_point]
        return parameters

    def _add_constant(self, name: str, value: npt.ArrayLike) -> int:
        value = np.asarray(value)
        buffer = self.schema.BufferT()
        buffer.data = np.frombuffer(value.tobytes(), np.uint8)
        self.model.buffers.append(buffer)
        dtype = {"i": "INT32", "f": "FLOAT32"}[value.dtype.kind]
        index = self._add_tensor(name, list(value.shape), dtype)
        self.graph.tensors[index].buffer = len(self.model.buffers) - 1
        return index

    def _add_tensor(
        self,
        name: str,
        shape: Sequence[int],
        dtype: str = "FLOAT32",
        quantization: "QuantizationParametersT | None" = None,
    ) -> int:
        tensor = self.schema.TensorT()
        tensor.name = name.encode()
        tensor.type = getattr(self.schema.TensorType, dtype)
        tensor.shape = [abs(size) for size in shape]
        if -1 in shape:
            tensor.shapeSignature = list(shape)
        tensor.quantization = quantization
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def _add(
        self,
        kind: str,
        inputs: Iterable[int],
        name: str,
        shape: Sequence[int],
        *,
        dtype: str = "FLOAT32",
        quantization: "QuantizationParametersT | None" = None,
        options: str | None = None,
        **settings: Any,
    ) -> int:
        output = self._add_tensor(name, shape, dtype, quantization)
        self.graph.operators.append(
            self._operator(kind, inputs, [output], options, **settings)
        )
        return output

    def _operator(
        self,
        kind: str,
        inputs: Iterable[int],
        outputs: Iterable[int],
        options: str | None = None,
        **settings: Any,
    ) -> "OperatorT":
        names = {
            "DEQUANTIZE": "Dequantize",
            "MAXIMUM": "MaximumMinimum",
            "MUL": "Mul",
            "QUANTIZE": "Quantize",
            "SPLIT": "Split",
        }
        operator = self.schema.OperatorT()
        operator.opcodeIndex = self._opcode(kind)
        operator.inputs = list(inputs)
        operator.outputs = list(outputs)
        name = options or names.get(kind)
        if name is not None:
            name += "Options"
            operator.builtinOptionsType = getattr(
                self.schema.BuiltinOptions, name
            )
            operator.builtinOptions = getattr(self.schema, f"{name}T")()
            for key, value in settings.items():
                setattr(operator.builtinOptions, key, value)
        return operator

    def _opcode(self, kind: str) -> int:
        value = getattr(self.schema.BuiltinOperator, kind)
        for index, code in enumerate(self.model.operatorCodes):
            if max(code.builtinCode, code.deprecatedBuiltinCode) == value:
                return index
        code = self.schema.OperatorCodeT()
        code.builtinCode = value
        code.deprecatedBuiltinCode = min(value, 127)
        code.version = 1
        self.model.operatorCodes.append(code)
        return len(self.model.operatorCodes) - 1

    def _tensor_map(self, name: str, index: int) -> "TensorMapT":
        entry = self.schema.TensorMapT()
        entry.name = name
        entry.tensorIndex = index
        return entry

    def _set_outputs(
        self, signature: "SignatureDefT", outputs: dict[str, int]
    ) -> None:
        self.graph.outputs = list(outputs.values())
        signature.outputs = [
            self._tensor_map(name, index) for name, index in outputs.items()
        ]

    def _drop_unused(self) -> None:
        """Drops operations whose outputs nobody reads, and their tensors."""
        operators: list[OperatorT] = []
        while len(operators) != len(self.graph.operators):
            operators = self.graph.operators
            read = {i for item in operators for i in item.inputs}
            read |= set(self.graph.outputs)
            self.graph.operators = [
                item for item in operators if read & set(item.outputs)
            ]
        used = {*self.graph.inputs, *self.graph.outputs}
        for item in self.graph.operators:
            used |= {i for i in (*item.inputs, *item.outputs) if i >= 0}
        place = {old: new for new, old in enumerate(sorted(used))}
        place[-1] = -1  # an input that an operation leaves out
        self.graph.tensors = [self.graph.tensors[old] for old in sorted(used)]
        for item in (*self.graph.operators, self.graph):
            item.inputs = [place[index] for index in item.inputs]
            item.outputs = [place[index] for index in item.outputs]
        (signature,) = self.model.signatureDefs
        for entry in (*signature.inputs, *signature.outputs):
            entry.tensorIndex = place[entry.tensorIndex]
