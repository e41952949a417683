"""A graph in ONNX Runtime: its tensors, threads and forked processes."""

import numpy as np
import pytest
import tiny_detectors
from shared_networks import assert_a_fork_shares, assert_threads_share

from keras_sphereface.edge.artifact_file import ArtifactFile
from keras_sphereface.edge.onnx_network import OnnxNetwork


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    path = tmp_path_factory.mktemp("network") / "yunet.onnx"
    path.write_bytes(tiny_detectors.yunet(64))
    return OnnxNetwork(ArtifactFile.read(path), 1)


def images(count):
    generator = np.random.default_rng(0)
    pixels = generator.uniform(0, 255, (count, 1, 3, 64, 64))
    return pixels.astype(np.float32)


def brightest(outputs):
    return outputs["cls_8"][0, :, 0].copy()


def test_it_says_what_its_tensors_are(network, tmp_path):
    assert network.inputs == {"input": (1, 3, 64, 64)}
    assert network.outputs["kps_16"] == (1, 16, 10)
    assert len(network.outputs) == 12
    assert network.is_float
    path = tmp_path / "free.onnx"
    path.write_bytes(tiny_detectors.yunet(free=True))
    free = OnnxNetwork(ArtifactFile.read(path), None)
    assert free.inputs == {"input": (1, 3, "height", "width")}


def test_outputs_are_those_of_the_graph(network):
    [image] = images(1)
    found = brightest(network.run(image))
    # The mean of each cell of 8 by 8.
    cells = image[0].mean(0).reshape(8, 8, 8, 8).mean((1, 3)) / 255
    np.testing.assert_allclose(found, cells.ravel(), atol=1e-5)


def test_threads_may_share_it(network):
    assert_threads_share(lambda x: brightest(network.run(x)), images(12))


@pytest.mark.filterwarnings("ignore:.*fork.*")
def test_a_forked_process_runs_it_too(network):
    [image] = images(1)
    assert_a_fork_shares(lambda x: brightest(network.run(x)), image)
