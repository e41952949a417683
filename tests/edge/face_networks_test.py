"""Detectors' files: what is opened, what it finds, what is refused."""

import numpy as np
import pytest
import tiny_detectors

from keras_sphereface.edge import ModelFileError
from keras_sphereface.edge.box_suppression import keep_sure, suppress
from keras_sphereface.edge.face_networks import (
    BlazeFaceNetwork,
    YunetNetwork,
    open_face_network,
)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("detectors")
    contents = {
        "short.tflite": tiny_detectors.blazeface(128),
        "full.tflite": tiny_detectors.blazeface(192),
        "yunet.onnx": tiny_detectors.yunet(320),
        "free.onnx": tiny_detectors.yunet(free=True),
        "other_grid.tflite": tiny_detectors.blazeface(128, ((8, 3), (16, 6))),
        "four_points.tflite": tiny_detectors.blazeface(128, num_values=12),
        "landmarks.tflite": tiny_detectors.landmark_network(),
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.mark.parametrize(
    ("name", "kind", "size"),
    [
        ("short.tflite", BlazeFaceNetwork, 128),
        ("full.tflite", BlazeFaceNetwork, 192),
        ("yunet.onnx", YunetNetwork, 320),
        ("free.onnx", YunetNetwork, 320),
    ],
)
def test_a_spot_is_found_where_it_is(files, name, kind, size):
    network = open_face_network(files / name, 1)
    assert isinstance(network, kind)
    assert network.size == size
    assert 0 < network.smallest < 0.2
    middle = (0.55 * size, 0.4 * size)
    pixels = tiny_detectors.spots((size, size), [middle], sigma=10)
    found = suppress(keep_sure(network.find(pixels, 0.6), 0.6))
    assert len(found.scores) == 1
    low, high = found.corners[0, :2], found.corners[0, 2:]
    np.testing.assert_allclose((low + high) / 2, middle, atol=3)
    np.testing.assert_allclose(high - low, tiny_detectors.BOX, atol=1e-3)
    eyes = found.points[0, :2] - (low + high) / 2
    np.testing.assert_allclose(eyes, [[-8, -8], [8, -8]], atol=1.5)
    assert found.points.shape == (1, 5, 2)


def test_there_is_nothing_in_the_dark(files):
    for name in ("short.tflite", "full.tflite", "yunet.onnx"):
        network = open_face_network(files / name, None)
        pixels = np.zeros((network.size, network.size, 3), np.uint8)
        assert not len(network.find(pixels, 0.5).scores)


def test_yunet_sees_blue_first(files, monkeypatch):
    network = open_face_network(files / "yunet.onnx", 1)
    seen = []
    run = network._network.run
    monkeypatch.setattr(
        network._network, "run", lambda x: seen.append(x) or run(x)
    )
    pixels = np.zeros((320, 320, 3), np.uint8)
    pixels[..., 0], pixels[..., 2] = 200, 7
    network.find(pixels, 0.5)
    assert seen[0].shape == (1, 3, 320, 320)
    assert seen[0][0, :, 5, 5].tolist() == [7, 0, 200]


@pytest.mark.parametrize(
    "name",
    ["other_grid.tflite", "four_points.tflite", "landmarks.tflite"],
)
def test_files_of_other_tensors_are_named_with_them(files, name):
    with pytest.raises(
        ModelFileError, match=rf"`model_path` must be a face.*inputs.*{name}"
    ):
        open_face_network(files / name, 1)


def test_an_embedder_is_no_detector(exported):
    with pytest.raises(ModelFileError, match=r"`model_path` must be a face"):
        open_face_network(exported.path, 1)


def test_damaged_files_are_errors_that_name_them(files, tmp_path):
    for name in ("short.tflite", "yunet.onnx"):
        content = (files / name).read_bytes()
        damaged = tmp_path / name
        damaged.write_bytes(content[: len(content) // 2])
        with pytest.raises(ValueError, match=r"damaged|must be") as error:
            open_face_network(damaged, 1)
        assert name in str(error.value)
    (tmp_path / "text.tflite").write_bytes(b"not a network")
    with pytest.raises(ModelFileError, match=r"must be a TFLite file"):
        open_face_network(tmp_path / "text.tflite", 1)
    (tmp_path / "text.onnx").write_bytes(b"not a network")
    with pytest.raises(ModelFileError, match=r"damaged"):
        open_face_network(tmp_path / "text.onnx", 1)


@pytest.mark.parametrize(
    ("path", "error", "message"),
    [
        (None, ValueError, r"`model_path` must be the path"),
        ("missing.tflite", FileNotFoundError, r"missing\.tflite"),
    ],
)
def test_wrong_paths_are_named(path, error, message):
    with pytest.raises(error, match=message):
        open_face_network(path, 1)


def test_outputs_that_are_not_as_declared_are_an_error(files):
    network = open_face_network(files / "free.onnx", 1)
    network.size = 352  # as if the file gave fewer cells than it says
    run = network._network.run
    network._network.run = lambda x: run(x[..., :320, :320])
    with pytest.raises(ModelFileError, match=r"cls_8 of YuNet must be"):
        network.find(np.zeros((352, 352, 3), np.uint8), 0.5)
