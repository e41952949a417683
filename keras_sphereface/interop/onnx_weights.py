"""ONNX graphs of public networks, read by the order of their nodes."""

import os
import pathlib

import numpy as np

from keras_sphereface.interop.iresnet_family import NAMES, iresnet_pairs
from keras_sphereface.interop.limits import FREE_BYTES, ByteBudget
from keras_sphereface.interop.mobilefacenet_family import (
    insightface_pairs,
    treb1en_pairs,
    xiaoccer_pairs,
)
from keras_sphereface.interop.onnx_bounds import check_structure
from keras_sphereface.interop.weights_errors import WeightsFileError

# PyTorch's and ours.
_EPSILON = 1e-5
_MOBILEFACENETS = ((1, 4, 6, 2), (2, 8, 12, 4))
# InsightFace's are at least twice as wide.
_PAPER_FILTERS = 64
# A weight and what is made of it before its layer.
_GROWTH = 4
_NODE_KINDS = {
    "Conv": "conv",
    "BatchNormalization": "bn",
    "PRelu": "prelu",
    "Gemm": "linear",
    "MatMul": "linear",
}
# Shapes of slopes do not matter, a dense layer's weight has two axes.
_WEIGHT_STEPS = ("Identity", "Transpose", "Unsqueeze")


def read_onnx(path):
    """Weights of an ONNX file, by the names they had in PyTorch.

    An export numbers its weights and folds a batch norm into the convolution
    before it, but keeps the order of computation. A folded batch norm becomes
    one that only adds the bias.

    Args:
        path: str or path of an IResNet or MobileFaceNet of InsightFace, or of
            the MobileFaceNet of the paper as two PyTorch projects write it,
            with its weights inside, for pixels scaled before the network.

    Returns:
        Dict of str to `np.ndarray`.
    """
    try:
        import onnx
    except ImportError as error:
        raise ImportError(
            "Weights in an .onnx file are read by the package onnx: "
            "pip install 'keras-sphereface[onnx]'. "
            f"Received: path={os.fspath(path)!r}"
        ) from error

    path = pathlib.Path(path)
    size = path.stat().st_size
    ByteBudget().spend(size)
    try:
        content = path.read_bytes()
        check_structure(content)
        graph = onnx.load_model_from_string(content).graph
        state = _state(graph, ByteBudget(FREE_BYTES + _GROWTH * size))
    except WeightsFileError as error:
        reason, cause = error, error
    except Exception as error:
        reason, cause = f"it is damaged ({type(error).__name__})", error
    else:
        return state
    raise WeightsFileError(
        "`path` must be a whole ONNX file of an IResNet or MobileFaceNet. "
        f"Received: path={str(path)!r}, of which {reason}"
    ) from cause


def _state(graph, budget):
    constants = _constants(graph, budget)
    nodes = []
    for node in graph.node:
        if node.op_type in ("Sub", "Mul", "Div") and not nodes:
            raise WeightsFileError(
                "the graph scales its pixels itself; networks of ours do too"
            )
        if node.op_type in _NODE_KINDS:
            nodes.append(node)
    pairs = _pairs(nodes, constants)
    state = {}
    remaining = iter(nodes)
    node = next(remaining, None)
    # Output of the layer before, and its bias, while it may be followed by
    # its batch norm.
    output = bias = None
    for pair in pairs:
        kind = None if node is None else _NODE_KINDS[node.op_type]
        if pair.kind == "bn" and output is not None:
            follows = kind == "bn" and node.input[0] == output
            output = None
            if not follows and bias is not None:
                _folded(state, pair.source, bias)
                continue
            kind = "bn" if follows else None
        if kind != pair.kind and not (kind == "conv" and _is_conv(pair)):
            raise WeightsFileError(
                f"the graph has {node and node.op_type} where {pair.source} "
                f"in PyTorch is a {pair.kind}"
            )
        bias = _read_node(state, node, pair, constants)
        if pair.kind in ("conv", "linear"):
            output = node.output[0]
        node = next(remaining, None)
    if node is not None:
        raise WeightsFileError("the graph has too many layers")
    return state


def _pairs(nodes, constants):
    convs = [node for node in nodes if node.op_type == "Conv"]
    groups = [
        attribute.i
        for node in convs
        for attribute in node.attribute
        if attribute.name == "group"
    ]
    if max(groups, default=1) == 1:
        candidates = [iresnet_pairs(units) for units in NAMES]
    elif len(constants.get(convs[0].input[1], ())) == _PAPER_FILTERS:
        candidates = [xiaoccer_pairs(), treb1en_pairs()]
    else:
        candidates = [
            insightface_pairs(blocks, is_flat=is_flat)
            for blocks in _MOBILEFACENETS
            for is_flat in (False, True)
        ]
    candidates = [
        pairs for pairs in candidates if sum(map(_is_conv, pairs)) == len(convs)
    ]
    if not candidates:
        raise WeightsFileError(
            f"no known network has {len(convs)} convolutions"
        )
    # As many slopes too, if there is a choice.
    slopes = sum(node.op_type == "PRelu" for node in nodes)
    return min(
        candidates,
        key=lambda pairs: abs(
            sum(pair.kind == "prelu" for pair in pairs) - slopes
        ),
    )


def _is_conv(pair):
    """Whether it is a convolution there, though a dense layer of ours."""
    return pair.kind == "conv" or pair.source.endswith(".conv")


def _constants(graph, budget):
    from onnx import numpy_helper

    found = {}
    tensors = list(graph.initializer)
    for node in graph.node:
        if node.op_type == "Constant":
            tensors += [
                (node.output[0], attribute.t)
                for attribute in node.attribute
                if attribute.name == "value"
            ]
    for tensor in tensors:
        name, tensor = tensor if isinstance(tensor, tuple) else (None, tensor)
        if tensor.data_location == tensor.EXTERNAL:
            raise WeightsFileError("its weights are in another file")
        budget.spend(int(np.prod(list(tensor.dims), dtype=object)) * 4)
        found[name or tensor.name] = numpy_helper.to_array(tensor)
    for node in graph.node:
        # What is done to a weight before its layer, unless it was folded.
        if node.op_type in _WEIGHT_STEPS and node.input[0] in found:
            array = found[node.input[0]]
            budget.spend(array.nbytes)
            found[node.output[0]] = (
                array.T if node.op_type == "Transpose" else array
            )
    return found


def _read_node(state, node, pair, constants):
    """Puts a node's weights into the state; returns a bias to fold, if any."""
    arrays = [constants[name] for name in node.input if name in constants]
    attributes = {attribute.name: attribute for attribute in node.attribute}
    source = pair.source
    if pair.kind == "bn":
        names = ("weight", "bias", "running_mean", "running_var")
        for name, array in zip(names, arrays, strict=True):
            state[f"{source}.{name}"] = array
        if "epsilon" in attributes:
            # The exporter writes PyTorch's; another moves into the variance.
            state[f"{source}.running_var"] = arrays[3] + (
                np.float32(attributes["epsilon"].f) - np.float32(_EPSILON)
            )
        return None
    weight, *biases = arrays
    if pair.kind == "prelu":
        state[f"{source}.weight"] = weight.reshape(-1)
        return None
    if node.op_type == "Conv":
        state[f"{source}.weight"] = weight
        return biases[0] if biases else None
    is_transposed = node.op_type == "MatMul" or not (
        "transB" in attributes and attributes["transB"].i
    )
    state[f"{source}.weight"] = weight.T if is_transposed else weight
    bias = biases[0] if biases else None
    if source == "fc":
        # The dense layer of IResNet has a bias of its own.
        state["fc.bias"] = (
            np.zeros(state["fc.weight"].shape[0], "float32")
            if bias is None
            else bias
        )
        return np.zeros_like(state["fc.bias"])
    return bias


def _folded(state, source, bias):
    ones = np.ones_like(bias)
    state[f"{source}.weight"] = ones
    state[f"{source}.bias"] = bias
    state[f"{source}.running_mean"] = np.zeros_like(bias)
    state[f"{source}.running_var"] = ones - np.float32(_EPSILON)
