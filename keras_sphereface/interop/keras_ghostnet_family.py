"""GhostNet of Keras_insightface, which is GhostFaceNetV1 too."""

import re
from functools import partial

import numpy as np

from keras_sphereface import backbones
from keras_sphereface.backbones.ghostfacenet import GHOST_BLOCKS, STEM_FILTERS
from keras_sphereface.interop.family import (
    Family,
    NetworkPlan,
    Pair,
    conv_pairs,
)
from keras_sphereface.interop.keras_insightface_family import (
    KERAS_PIXEL_SCALE,
    NECKS,
    keras_activation,
    keras_map_places,
    keras_neck,
    keras_neck_pairs,
    prepare_keras,
)
from keras_sphereface.interop.registry import register
from keras_sphereface.interop.weights_errors import WeightsMismatchError

# Both projects build one width.
_GHOST_WIDTH, _GHOST_TOP = 1.3, 664
# Layers without a name are numbered, from anywhere on.
_NUMBERED = {
    kind: re.compile(rf"(?:{layer})(?:_(?P<number>\d+))?\.{weight}")
    for kind, layer, weight in (
        ("conv", "conv2d", "kernel"),
        ("depthwise", "depthwise_conv2d", "kernel"),
        ("bn", "batch_normalization", "moving_mean"),
        ("act", "activation|p_re_lu|re_lu", "alpha"),
    )
}


def _numbered(state, kind):
    """Layers of a kind that have no name, in the order they were made in."""
    matches = [_NUMBERED[kind].fullmatch(name) for name in state]
    found = sorted(
        (int(match["number"] or 0), match.string) for match in matches if match
    )
    return [name.rpartition(".")[0] for _, name in found]


def _ghost_pairs(state):
    convs, depthwise, bns, acts = (
        iter(_numbered(state, kind)) for kind in _NUMBERED
    )
    has_slopes = keras_activation(state) == "prelu"
    pairs = []

    def add(layer, source, has_act=False):
        act = next(acts) if has_act and has_slopes else None
        pairs.extend(conv_pairs(layer, next(source), next(bns), act))

    def add_module(layer, has_act):
        add(f"{layer}_primary", convs, has_act)
        add(f"{layer}_ghosts", depthwise, has_act)

    try:
        add("stem", convs, True)
        filters = STEM_FILTERS
        for number, block in enumerate(GHOST_BLOCKS, start=1):
            layer = f"block{number}"
            add_module(f"{layer}_expand", True)
            if block.strides > 1:
                add(f"{layer}_down", depthwise)
            if block.squeeze:
                pairs.append(
                    Pair(f"{layer}_squeeze_reduce", next(convs), "conv")
                )
                if has_slopes:
                    act = f"{layer}_squeeze_reduce_act"
                    pairs.append(Pair(act, next(acts), "prelu"))
                pairs.append(
                    Pair(f"{layer}_squeeze_expand", next(convs), "conv")
                )
            add_module(f"{layer}_project", False)
            if block.strides > 1 or block.filters != filters:
                add(f"{layer}_identity_depthwise", depthwise)
                add(f"{layer}_identity", convs)
            filters = block.filters
        add("top", convs, True)
    except StopIteration:
        raise WeightsMismatchError(
            "The network must be the GhostNet of Keras_insightface, which is "
            "ghostfacenet_v1 here. Received: one of fewer layers"
        ) from None
    return pairs + keras_neck_pairs(keras_neck(state))


def _prepare_ghost(state):
    prepare_keras(state)
    # Of the gates; ours is as steep as that of Keras 2.
    for name in list(state):
        if name.endswith(".hard_sigmoid"):
            del state[name]


def _places_of_a_sixteenth(places):
    """Of a map of half the size, rounded up, as plans speak of them."""
    if np.prod(places) == 16:
        return None  # of 112 pixels, as of 128: the usual size is taken
    if isinstance(places, tuple):
        return tuple(2 * size for size in places)
    return 4 * places


def _ghost_plan(state):
    convs = _numbered(state, "conv")
    kind = keras_neck(state)
    top = state[f"{convs[-1]}.kernel"].shape[-1]
    strides = int(state.get(f"{convs[0]}.strides", (1, 1))[0])
    places = keras_map_places(state, kind, top)
    if strides == 2:
        places = _places_of_a_sixteenth(places)
    return NetworkPlan(
        build=partial(
            backbones.ghostfacenet_v1,
            stem_strides=strides,
            width_multiplier=_GHOST_WIDTH if top == _GHOST_TOP else top / 512,
            activation=keras_activation(state),
        ),
        embedding_dim=state["pre_embedding.moving_mean"].shape[0],
        neck=NECKS[kind],
        batch_norm=True,
        map_places=places,
    )


KERAS_INSIGHTFACE_GHOSTNET = register(
    Family(
        name="keras_insightface_ghostnet",
        signature=(
            "GDC_dw.kernel",
            "GDC_conv.kernel",
            "pre_embedding.moving_mean",
        ),
        foreign=("0_conv.kernel", "pw_conv.kernel", "stem_1_conv.kernel"),
        pairs=_ghost_pairs,
        plan=_ghost_plan,
        prepare=_prepare_ghost,
        pixel_scale=KERAS_PIXEL_SCALE,
        layout="keras",
    )
)
