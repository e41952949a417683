"""GhostNets of Keras_insightface give the same embeddings here."""

import keras_insightface as public
import numpy as np
import pytest

import keras_sphereface as ks
from keras_sphereface.interop.keras_ghostnet_family import (
    KERAS_INSIGHTFACE_GHOSTNET,
)


@pytest.mark.slow
def test_a_ghostnet_gives_its_embeddings(tmp_path):
    network = public.ghostnet()
    path = tmp_path / "model.h5"
    public.save_as_keras_2(network, path)
    public.check_import(path, network, "keras_insightface_ghostnet")


def empty_state(convs, depthwise, bns):
    """Names of layers, numbered from 3 on, and of the neck."""
    names = [f"conv2d_{n}.kernel" for n in range(3, convs + 3)]
    names += [f"depthwise_conv2d_{n}.kernel" for n in range(3, depthwise + 3)]
    names += [f"batch_normalization_{n}.moving_mean" for n in range(3, bns + 3)]
    return dict.fromkeys([*names, "GDC_conv.kernel"], np.zeros(1))


def test_numbers_say_which_layer_is_which():
    # 16 blocks of two modules, seven gates of two convolutions, five shortcuts
    # and four steps down, beside the stem and the top.
    pairs = KERAS_INSIGHTFACE_GHOSTNET.pairs(empty_state(53, 41, 80))
    layers = {pair.layer: pair.source for pair in pairs}
    assert len(layers) == len(pairs) == len(set(layers.values()))
    assert layers["stem"] == "conv2d_3"
    assert layers["block1_expand_primary"] == "conv2d_4"
    assert layers["block2_down"] == "depthwise_conv2d_6"
    assert layers["top"] == "conv2d_55"
    assert layers["top_bn"] == "batch_normalization_82"


def test_other_networks_of_that_neck_are_refused():
    with pytest.raises(ks.interop.WeightsMismatchError, match="fewer layers"):
        KERAS_INSIGHTFACE_GHOSTNET.pairs(empty_state(20, 20, 40))


@pytest.mark.parametrize(
    ("strides", "places", "expected"),
    [
        (1, (7, 7), (7, 7)),
        (2, (4, 4), None),  # 112 / 32 is 3.5
        (2, (2, 3), (4, 6)),  # of 64 x 96 pixels
    ],
)
def test_the_stem_and_the_neck_tell_the_size_of_images(
    strides, places, expected
):
    state = empty_state(53, 41, 80)
    state["conv2d_55.kernel"] = np.zeros((1, 1, 208, 664))
    state["GDC_dw.kernel"] = np.zeros((*places, 664, 1))
    state["pre_embedding.moving_mean"] = np.zeros(512)
    if strides == 2:
        state["conv2d_3.strides"] = np.array([2, 2])
    plan = KERAS_INSIGHTFACE_GHOSTNET.plan(state)
    assert plan.map_places == expected
    assert plan.embedding_dim == 512
    settings = plan.build.keywords
    assert settings["stem_strides"] == strides
    assert settings["width_multiplier"] == 1.3
    assert settings["activation"] == "relu"
