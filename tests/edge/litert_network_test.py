"""A graph in LiteRT: its tensors, threads and forked processes."""

import numpy as np
import pytest
import tiny_detectors
from shared_networks import assert_a_fork_shares, assert_threads_share

from keras_sphereface.edge.artifact_file import ArtifactFile
from keras_sphereface.edge.litert_network import LiteRTNetwork


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    path = tmp_path_factory.mktemp("network") / "short.tflite"
    path.write_bytes(tiny_detectors.blazeface(128))
    return LiteRTNetwork(ArtifactFile.read(path), 1)


def images(count):
    generator = np.random.default_rng(0)
    pixels = generator.uniform(-1, 1, (count, 1, 128, 128, 3))
    return pixels.astype(np.float32)


def brightest(outputs):
    [logits] = [each for each in outputs.values() if each.shape[-1] == 1]
    return logits[0, :, 0].copy()


def test_it_says_what_its_tensors_are(network):
    assert list(network.inputs.values()) == [(1, 128, 128, 3)]
    assert sorted(network.outputs.values()) == [(1, 896, 1), (1, 896, 16)]
    assert network.is_float


def test_outputs_are_those_of_the_graph(network):
    [image] = images(1)
    found = brightest(network.run(image))
    # Ten times the mean of each cell of 8 by 8, twice.
    cells = image[0].mean(-1).reshape(16, 8, 16, 8).mean((1, 3)) * 10
    np.testing.assert_allclose(
        found[:512], np.repeat(cells.ravel(), 2), atol=1e-4
    )


def test_threads_may_share_it(network):
    assert_threads_share(lambda x: brightest(network.run(x)), images(12))


@pytest.mark.filterwarnings("ignore:.*fork.*")
def test_a_forked_process_runs_it_too(network):
    [image] = images(1)
    assert_a_fork_shares(lambda x: brightest(network.run(x)), image)
