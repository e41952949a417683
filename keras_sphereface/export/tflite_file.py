"""Additions to a finished TFLite file: its manifest, the last float step."""

import flatbuffers

from keras_sphereface.contract import MANIFEST_NAME


def add_manifest(content, text):
    """Puts the manifest into a TFLite file as a metadata buffer.

    The graph is not touched, so the outputs stay the same to the last bit.

    Args:
        content: bytes of a TFLite file.
        text: str, the manifest.

    Returns:
        Bytes of a TFLite file.
    """
    reader, schema = _schema_tools()
    model = reader.read_model_from_bytearray(bytearray(content))
    buffer = schema.BufferT()
    buffer.data = list(text.encode())
    model.buffers.append(buffer)
    entry = schema.MetadataT()
    entry.name = MANIFEST_NAME
    entry.buffer = len(model.buffers) - 1
    model.metadata = [*(model.metadata or []), entry]
    return _pack(model)


def add_unit_normalization(content):
    """Ends a TFLite graph with a float L2 normalization of its one output.

    The converter would quantize that operation with the rest. Its int8 output
    has steps of 1/128, and the entries of a 512-dimensional unit embedding are
    near 1/23: half of the error of an int8 embedder comes from this last step.

    Args:
        content: bytes of a TFLite file with one signature and one float32
            output, `[batch_size, embedding_dim]`.

    Returns:
        Bytes of a TFLite file; zeros stay zeros.
    """
    reader, schema = _schema_tools()
    model = reader.read_model_from_bytearray(bytearray(content))
    graph, signature = model.subgraphs[0], model.signatureDefs[0]
    raw = graph.tensors[graph.outputs[0]]

    unit = schema.TensorT()
    unit.name = "unit_embeddings"
    unit.type = schema.TensorType.FLOAT32
    unit.shape = raw.shape
    unit.shapeSignature = raw.shapeSignature
    graph.tensors.append(unit)

    code = schema.OperatorCodeT()
    code.builtinCode = schema.BuiltinOperator.L2_NORMALIZATION
    code.deprecatedBuiltinCode = schema.BuiltinOperator.L2_NORMALIZATION
    code.version = 1
    model.operatorCodes.append(code)

    normalize = schema.OperatorT()
    normalize.opcodeIndex = len(model.operatorCodes) - 1
    normalize.inputs = [graph.outputs[0]]
    normalize.outputs = [len(graph.tensors) - 1]
    normalize.builtinOptionsType = schema.BuiltinOptions.L2NormOptions
    normalize.builtinOptions = schema.L2NormOptionsT()
    graph.operators.append(normalize)

    graph.outputs = normalize.outputs
    signature.outputs[0].tensorIndex = normalize.outputs[0]
    return _pack(model)


def run_signature(content, signature, images):
    """Runs a TFLite file on images, one at a time.

    Args:
        content: bytes of a TFLite file.
        signature: str, a signature from `images` to `embeddings`.
        images: float32, `[batch_size, height, width, 3]`.

    Returns:
        List of `batch_size` float32 arrays, `[embedding_dim]`.
    """
    _schema_tools()
    from ai_edge_litert.interpreter import Interpreter

    runner = Interpreter(model_content=content).get_signature_runner(signature)
    return [runner(images=image[None])["embeddings"][0] for image in images]


class _AlignedBuilder(flatbuffers.Builder):
    """A builder that keeps the weights where vector instructions want them.

    The schema asks for 16-byte alignment; the generated Python code forgets.
    """

    def StartVector(self, elemSize, numElems, alignment):  # noqa: N802, N803
        alignment = 16 if elemSize == 1 else alignment
        return super().StartVector(elemSize, numElems, alignment)


def _pack(model):
    builder = _AlignedBuilder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def _schema_tools():
    try:
        from ai_edge_litert import schema_py_generated
        from ai_edge_litert.tools import flatbuffer_utils
    except ImportError as error:
        raise ImportError(
            "Export to TFLite needs the package ai-edge-litert: "
            'pip install "keras-sphereface[edge]"'
        ) from error
    return flatbuffer_utils, schema_py_generated
