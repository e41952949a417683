"""SFNet as OpenSphere saves it."""

from functools import partial

import numpy as np

from keras_sphereface import backbones
from keras_sphereface.interop.family import (
    Family,
    NetworkPlan,
    Pair,
    conv_pairs,
    count_modules,
    fold_bias,
)
from keras_sphereface.interop.registry import register

_STAGES = (1, 2, 3, 4)


def _blocks(state):
    # The first of a stage is the strided convolution.
    return tuple(
        count_modules(state, f"layer{stage}.{{}}.conv1.weight") - 1
        for stage in _STAGES
    )


def _has_batch_norm(state):
    return "layer1.0.bn1.weight" in state


def _pairs(state):
    bn = _has_batch_norm(state)

    def pairs_of(layer, source, number):
        names = [f"{source}.conv{number}", f"{source}.bn{number}"]
        return conv_pairs(layer, *names[: 1 + bn])

    pairs = []
    for stage, blocks in zip(_STAGES, _blocks(state), strict=True):
        pairs += pairs_of(f"stage{stage}_down", f"layer{stage}.0", 1)
        for block in range(1, blocks + 1):
            layer = f"stage{stage}_block{block}"
            for number in (1, 2):
                pairs += pairs_of(
                    f"{layer}_conv{number}", f"layer{stage}.{block}", number
                )
    pairs.append(Pair("neck_dense", "fc", "linear"))
    if bn:
        pairs.append(Pair("neck_dense_bn", "features", "bn"))
    return pairs


def _plan(state, activate_before_add):
    out, size = state["fc.weight"].shape
    channels = state["layer4.0.conv1.weight"].shape[0]
    bn = _has_batch_norm(state)
    blocks = _blocks(state)
    return NetworkPlan(
        build=partial(
            backbones.sfnet,
            blocks,
            batch_norm=bn,
            activate_before_add=activate_before_add,
            name=f"sfnet{4 + 2 * int(np.sum(blocks))}",
        ),
        embedding_dim=out,
        neck="flatten",
        batch_norm=bn,
        map_places=size // channels,
    )


def _prepare(state):
    if _has_batch_norm(state):
        fold_bias(state, "fc", "features")


_settings = {
    "signature": ("layer1.0.conv1.weight", "layer4.0.conv1.weight"),
    "pairs": _pairs,
    "prepare": _prepare,
}
OPENSPHERE_SFNET = register(
    Family(
        name="opensphere_sfnet",
        foreign=("layer1.0.conv2.weight",),
        plan=partial(_plan, activate_before_add=False),
        **_settings,
    )
)
# The same names, another place of the activation: a file cannot tell.
OPENSPHERE_SFNET_DEPRECATED = register(
    Family(
        name="opensphere_sfnet_deprecated",
        foreign=("layer1.0.conv2.weight", "layer1.0.bn1.weight"),
        plan=partial(_plan, activate_before_add=True),
        **_settings,
    )
)
