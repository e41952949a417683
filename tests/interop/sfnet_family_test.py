"""OpenSphere's SFNet, with batch norm and without."""

import numpy as np
import pytest

from keras_sphereface.interop.sfnet_family import (
    OPENSPHERE_SFNET,
    OPENSPHERE_SFNET_DEPRECATED,
)

FAMILIES = [OPENSPHERE_SFNET, OPENSPHERE_SFNET_DEPRECATED]


def state_of(blocks, *, batch_norm, channels=512, places=49):
    state = {
        f"layer{stage}.{block}.conv1.weight": np.empty((channels, 0))
        for stage, count in enumerate(blocks, start=1)
        for block in range(count + 1)  # the first is the strided one
    }
    state["fc.weight"] = np.empty((128, channels * places), "bool")
    if batch_norm:
        state["layer1.0.bn1.weight"] = np.empty(channels)
    return state


def test_layers_of_a_stage_have_the_names_of_opensphere():
    state = state_of((1, 0, 0, 1), batch_norm=False)
    assert OPENSPHERE_SFNET.pairs(state) == [
        ("stage1_down", "layer1.0.conv1", "conv"),
        ("stage1_block1_conv1", "layer1.1.conv1", "conv"),
        ("stage1_block1_conv2", "layer1.1.conv2", "conv"),
        ("stage2_down", "layer2.0.conv1", "conv"),
        ("stage3_down", "layer3.0.conv1", "conv"),
        ("stage4_down", "layer4.0.conv1", "conv"),
        ("stage4_block1_conv1", "layer4.1.conv1", "conv"),
        ("stage4_block1_conv2", "layer4.1.conv2", "conv"),
        ("neck_dense", "fc", "linear"),
    ]


def test_batch_norms_follow_their_convolutions():
    pairs = OPENSPHERE_SFNET.pairs(state_of((0, 0, 0, 0), batch_norm=True))
    assert pairs[:2] == [
        ("stage1_down", "layer1.0.conv1", "conv"),
        ("stage1_down_bn", "layer1.0.bn1", "bn"),
    ]
    assert pairs[-1] == ("neck_dense_bn", "features", "bn")


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    ("blocks", "name"), [((1, 2, 4, 1), "sfnet20"), ((3, 8, 16, 3), "sfnet64")]
)
def test_a_network_is_called_by_its_layers(family, blocks, name):
    plan = family.plan(state_of(blocks, batch_norm=False, places=42))
    assert plan.build.args == (blocks,)
    assert plan.build.keywords == {
        "batch_norm": False,
        "activate_before_add": family is OPENSPHERE_SFNET_DEPRECATED,
        "name": name,
    }
    assert (plan.embedding_dim, plan.neck) == (128, "flatten")
    assert (plan.batch_norm, plan.map_places) == (False, 42)


@pytest.mark.parametrize("batch_norm", [False, True])
def test_a_bias_goes_into_the_batch_norm_if_there_is_one(batch_norm):
    state = state_of((0, 0, 0, 0), batch_norm=batch_norm)
    state["fc.bias"] = np.float32([1, 2])
    state["features.running_mean"] = np.float32([0, 0])
    OPENSPHERE_SFNET.prepare(state)
    assert ("fc.bias" in state) is not batch_norm
    expected = [-1, -2] if batch_norm else [0, 0]
    np.testing.assert_array_equal(state["features.running_mean"], expected)
