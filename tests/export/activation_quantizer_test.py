import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema

from keras_sphereface.export.activation_quantizer import (
    layer_errors,
    quantize_activations,
)
from keras_sphereface.export.graph_editor import GraphEditor
from keras_sphereface.export.signatures import write_raw_signature
from keras_sphereface.export.tflite_model import (
    read_model,
    signature_runner,
    write_model,
)


@pytest.fixture(scope="module")
def content(embedder, tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("saved_model"))
    write_raw_signature(embedder, folder)
    model = read_model(
        tf.lite.TFLiteConverter.from_saved_model(
            folder, signature_keys=["embed"]
        ).convert()
    )
    GraphEditor(model).fix_reshapes()
    return write_model(model)


def types_of(content):
    """The type of the output of each kind of operation."""
    model = schema.ModelT.InitFromPackedBuf(content)
    names = {v: k for k, v in vars(schema.BuiltinOperator).items()}
    (graph,) = model.subgraphs
    return {
        names[model.operatorCodes[operator.opcodeIndex].builtinCode]: (
            graph.tensors[operator.outputs[0]].type
        )
        for operator in graph.operators
    }


@pytest.mark.parametrize(
    ("quantization", "kind"), [("int8", "INT8"), ("int16x8", "INT16")]
)
def test_all_but_prelu_computes_in_integers(
    content, faces, unit, quantization, kind
):
    quantized = quantize_activations(content, quantization, faces)
    found = types_of(quantized)
    for name in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
        assert found[name] == getattr(schema.TensorType, kind), name
    assert found["PRELU"] == schema.TensorType.FLOAT32
    assert len(quantized) < 0.5 * len(content)
    pixels = faces.astype(np.float32)
    expected, embeddings = (
        unit(signature_runner(file, "embed")(images=pixels)["embeddings"])
        for file in (content, quantized)
    )
    cosines = np.sum(expected * embeddings, axis=1)
    assert cosines.min() > 0.99


def test_every_tensor_gets_its_error_in_order(content, faces, capfd):
    quantized = quantize_activations(content, "int8", faces)
    errors = layer_errors(content, quantized, faces[:2])
    assert capfd.readouterr().out == ""
    assert len(errors) > 8
    for error in errors:
        assert 0.9 < error["cosine"] <= 1 + 1e-6
        assert error["signal_to_noise"] > 10
    same = layer_errors(content, content, faces[:2])
    assert all(error["cosine"] > 1 - 1e-6 for error in same)
