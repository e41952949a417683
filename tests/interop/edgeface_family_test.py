"""What a file of EdgeFace says of its network."""

import numpy as np
import pytest

import keras_sphereface as ks
from keras_sphereface.interop.edgeface_family import EDGEFACE


def low_rank_state(ratio, channels=(32, 64, 100, 192), dim=512):
    """The shapes that tell the ranks, and those that tell the rest."""
    state = {"head.fc.linear2.weight": np.empty((dim, 0))}
    layers = [("head.fc", channels[-1], dim)]
    for stage, width in enumerate(channels):
        block = f"stages.{stage}.blocks.0"
        state[f"{block}.gamma"] = np.empty(width)
        state[f"{block}.norm.weight"] = np.empty(width)
        state[f"{block}.xca.temperature"] = np.empty((4, 1, 1))
        layers.append((f"{block}.mlp.fc1", width, 4 * width))
    for name, inputs, outputs in layers:
        rank = max(2, int(min(inputs, outputs) * ratio))
        state[f"{name}.linear1.weight"] = np.empty((rank, inputs))
        state[f"{name}.linear2.weight"] = np.empty((outputs, rank))
    return state


@pytest.mark.parametrize("ratio", [0.01, 0.2, 0.3, 0.5, 0.6, 0.7, 0.99])
def test_ranks_are_those_of_the_file(ratio):
    state = low_rank_state(ratio)
    found = EDGEFACE.plan(state).build.keywords["rank_ratio"]
    for name, first in state.items():
        if name.endswith("linear1.weight"):
            rank, inputs = first.shape
            assert max(2, int(inputs * found)) == rank


@pytest.mark.parametrize(
    ("channels", "name"),
    [
        ((24, 48, 88, 168), "edgeface_xxs"),
        ((32, 64, 100, 192), "edgeface_xs"),
        ((48, 96, 160, 304), "edgeface_s"),
        ((80, 160, 288, 584), "edgeface_base"),
        ((8, 8, 8, 8), "edgeface"),
    ],
)
def test_published_networks_are_called_by_their_names(channels, name):
    plan = EDGEFACE.plan(low_rank_state(0.5, channels))
    assert plan.build.keywords["name"] == name
    assert plan.build.keywords["depths"] == (1, 1, 1, 1)
    assert plan.build.keywords["num_heads"] == 4
    assert plan.embedding_dim == 512


def test_a_network_that_attends_nowhere_is_another(tmp_path):
    # ConvNeXt of timm has the same names but for the attention.
    state = {
        name: array
        for name, array in low_rank_state(0.5).items()
        if "xca" not in name
    }
    for name in EDGEFACE.signature:
        state[name] = np.zeros(1)
    np.savez(tmp_path / "convnext.npz", **state)
    with pytest.raises(
        ks.interop.WeightsMismatchError, match=r"whole edgeface.*temperature"
    ):
        ks.interop.import_embedder(tmp_path / "convnext.npz")
