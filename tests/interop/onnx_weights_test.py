"""ONNX files of public networks, read by the order of their nodes."""

import sys

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from keras_sphereface import interop  # noqa: E402

# A class of torch_networks.py, its arguments, and the pixels of its project.
NETWORKS = {
    "insightface_iresnet": (
        "IResNet",
        {"units": (2, 2, 2, 2), "places": 4, "dim": 16, "width": 8},
        {},
    ),
    "insightface_mobilefacenet": (
        "InsightFaceMobileFaceNet",
        {"dim": 16, "kernel": 2},
        {},
    ),
    "insightface_mobilefacenet_flat": (
        "InsightFaceFlatMobileFaceNet",
        {"dim": 16, "places": 4},
        {},
    ),
    "xiaoccer_mobilefacenet": (
        "XiaoccerMobileFaceNet",
        {"dim": 16, "kernel": 2},
        {"pixel_scale": 128.0},
    ),
    "treb1en_mobilefacenet": (
        "TreB1eNMobileFaceNet",
        {"dim": 16, "kernel": 2},
        {"color_order": "BGR"},
    ),
}


def export(network, path, *, folded):
    torch = pytest.importorskip("torch")
    mode = torch.onnx.TrainingMode
    torch.onnx.export(
        network,
        torch.zeros(1, 3, 32, 32),
        path,
        opset_version=11,
        dynamo=False,  # as InsightFace's `torch2onnx.py`
        training=mode.EVAL if folded else mode.PRESERVE,
        do_constant_folding=folded,
    )


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")
@pytest.mark.filterwarnings("ignore::DeprecationWarning:test")
@pytest.mark.filterwarnings("ignore:.*TorchScript-based ONNX")
@pytest.mark.parametrize(
    ("name", "folded"),
    [
        *((name, True) for name in NETWORKS),
        ("insightface_iresnet", False),
        ("insightface_mobilefacenet", False),
    ],
)
def test_an_export_gives_the_embeddings_of_pytorch(name, folded, tmp_path):
    pytest.importorskip("torch")
    import torch_networks as public

    kind, arguments, scaling = NETWORKS[name]
    network = public.randomized(getattr(public, kind)(**arguments))
    path = tmp_path / "network.onnx"
    export(network, path, folded=folded)
    nodes = [node.op_type for node in onnx.load(path).graph.node]
    assert (nodes[1] == "BatchNormalization") is not folded
    embedder, report = interop.import_embedder(path)
    assert report.family == name
    expected = public.torch_embeddings(network, public.images(), **scaling)
    embeddings = embedder.predict(public.images(), verbose=0)
    assert public.relative_difference(embeddings, expected) < 1e-4


def save(path, nodes, constants):
    graph = helper.make_graph(
        nodes,
        "face",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, None)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(a, name) for name, a in constants.items()],
    )
    onnx.save(helper.make_model(graph), path)
    return path


def convolutions(count):
    nodes = [
        helper.make_node("Conv", [f"x{n}", "w", "b"], [f"x{n + 1}"])
        for n in range(count)
    ]
    zeros = np.zeros((8, 8, 3, 3), "float32")
    return nodes, {"w": zeros, "b": zeros[0, :, 0, 0]}


@pytest.mark.parametrize(
    ("nodes", "match"),
    [
        (3, "no known network has 3 convolutions"),
        (
            21,
            "the graph has Conv where prelu in PyTorch is a prelu",
        ),
    ],
)
def test_another_graph_is_refused(nodes, match, tmp_path):
    path = save(tmp_path / "other.onnx", *convolutions(nodes))
    with pytest.raises(interop.WeightsFileError, match=match):
        interop.read_onnx(path)


def test_a_graph_that_scales_its_pixels_is_refused(tmp_path):
    nodes, constants = convolutions(21)
    scale = helper.make_node("Sub", ["x", "b"], ["x0"])
    path = save(tmp_path / "scaled.onnx", [scale, *nodes], constants)
    with pytest.raises(interop.WeightsFileError, match="scales its pixels"):
        interop.read_onnx(path)


def test_weights_in_other_files_are_not_opened(tmp_path):
    nodes, constants = convolutions(21)
    path = save(tmp_path / "outside.onnx", nodes, constants)
    model = onnx.load(path)
    tensor = model.graph.initializer[0]
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    path.write_bytes(model.SerializeToString())
    with pytest.raises(interop.WeightsFileError, match="in another file"):
        interop.read_onnx(path)


def test_damaged_files_are_refused(tmp_path):
    path = save(tmp_path / "face.onnx", *convolutions(21))
    data = path.read_bytes()
    for length in range(0, len(data), 97):
        path.write_bytes(data[:length])
        with pytest.raises(interop.WeightsFileError):
            interop.read_onnx(path)
    generator = np.random.default_rng(0)
    for place in generator.integers(0, len(data), 200):
        damaged = bytearray(data)
        damaged[place] ^= 255
        path.write_bytes(damaged)
        with pytest.raises(interop.WeightsFileError):  # no InsightFace, either
            interop.read_onnx(path)


def test_without_onnx_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r"keras-sphereface\[onnx\].*a\.onnx"):
        interop.read_onnx(tmp_path / "a.onnx")
