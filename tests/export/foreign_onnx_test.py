import numpy as np
import onnx
import pytest

from keras_sphereface.export import open_embedder
from keras_sphereface.export.foreign_onnx import OnnxGraph

pytest.importorskip("onnxruntime")
helper, types = onnx.helper, onnx.TensorProto
STATED = {"color_order": "BGR", "pixel_mean": 127.5, "pixel_scale": 127.5}
IMAGES = np.random.default_rng(0).integers(0, 256, (5, 12, 8, 3), np.uint8)


def write(path, shape, outputs=("y",), kind=types.FLOAT):
    """Embeddings are the mean of each channel, channels first."""
    nodes = [
        helper.make_node("Cast", ["x"], ["f"], to=types.FLOAT),
        helper.make_node("ReduceMean", ["f"], ["y"], axes=[2, 3], keepdims=1),
        helper.make_node("ReduceMean", ["y"], ["z"], axes=[1], keepdims=0),
    ]
    graph = helper.make_graph(
        nodes,
        "mean_color",
        [helper.make_tensor_value_info("x", kind, shape)],
        [helper.make_tensor_value_info(o, types.FLOAT, None) for o in outputs],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8
    )
    onnx.save(model, str(path))
    return path


def expected(images):
    return (images.mean((1, 2))[:, ::-1] - 127.5) / 127.5


@pytest.mark.parametrize("batch", ["N", 1, 2])
@pytest.mark.parametrize("kind", [types.FLOAT, types.FLOAT16])
def test_channels_first_are_embedded_as_stated(tmp_path, batch, kind):
    path = write(tmp_path / "peer.onnx", [batch, 3, 12, 8], kind=kind)
    embed = open_embedder(path, **STATED)
    np.testing.assert_allclose(embed(IMAGES), expected(IMAGES), atol=2e-3)
    assert embed.size == (12, 8)
    assert embed.notes == (
        "peer.onnx takes 12x8, NCHW (by its shape), BGR (stated), (pixel - "
        "127.5) / 127.5 (stated).",
    )


def test_crops_are_cut_to_what_it_takes(tmp_path):
    path = write(tmp_path / "peer.onnx", ["N", 3, 12, 8])
    wide = np.pad(IMAGES, [(0, 0), (0, 0), (3, 2), (0, 0)])[:, :, :12]
    with pytest.raises(ValueError, match=r"must be 12x8.*12x12"):
        open_embedder(path, **STATED)(wide)
    found = open_embedder(path, fit="width", **STATED)(wide)
    np.testing.assert_allclose(found, expected(wide[:, :, 2:10]), atol=1e-5)


def test_unstated_it_is_refused_and_so_is_a_damaged_file(tmp_path):
    path = write(tmp_path / "peer.onnx", ["N", 3, 12, 8])
    with pytest.raises(ValueError, match=r"State `pixel_mean`.*\['\?', 3, 12"):
        open_embedder(path)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ValueError, match=r"damaged.*peer\.onnx"):
        open_embedder(path, **STATED)


def test_the_first_of_several_outputs_counts_and_it_says_so(tmp_path):
    path = write(tmp_path / "peer.onnx", ["N", 3, 12, 8], ("y", "z"))
    embed = open_embedder(path, **STATED)
    assert embed.notes[1] == "Of its outputs ['y', 'z'] the first is taken."
    assert embed(IMAGES).shape == (5, 3)


def test_other_graphs_are_refused(tmp_path):
    path = write(tmp_path / "a.onnx", ["N", 3, 12, 8], kind=types.INT64)
    with pytest.raises(ValueError, match=r"one batch of images.*int64"):
        OnnxGraph(path)
    path = write(tmp_path / "b.onnx", ["N", 3, 12, 8], ("f",))
    with pytest.raises(ValueError, match=r"one embedding.*\[5, 3, 12, 8\]"):
        open_embedder(path, **STATED)(IMAGES)
