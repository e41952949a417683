"""The residual networks of Keras_insightface, and what its others share."""

from functools import partial

import numpy as np

from keras_sphereface import backbones
from keras_sphereface.interop.family import (
    Family,
    NetworkPlan,
    Pair,
    conv_pairs,
)
from keras_sphereface.interop.iresnet_family import NAMES, STAGES
from keras_sphereface.interop.registry import register
from keras_sphereface.interop.weights_errors import WeightsMismatchError

# Of our batch normalization.
_EPSILON = 1e-5
KERAS_PIXEL_SCALE = 128.0
NECKS = {"E": "bn_flatten", "F": "flatten", "GDC": "gdconv"}


def keras_neck(state):
    """What the project calls the neck: `"E"`, `"F"` or `"GDC"`."""
    kinds = [
        kind
        for kind in NECKS
        if f"{kind}_dense.kernel" in state or f"{kind}_conv.kernel" in state
    ]
    if len(kinds) != 1:
        raise WeightsMismatchError(
            "The network must end in the output layer E, F or GDC of "
            f"Keras_insightface. Received: {kinds or 'none of them'}"
        )
    return kinds[0]


def keras_neck_pairs(kind):
    """Pairs of a neck, of what `keras_neck` returns."""
    before = {
        "E": [Pair("neck_bn", "E_batchnorm", "bn")],
        "F": [],
        "GDC": [
            Pair("neck_depthwise", "GDC_dw", "conv"),
            Pair("neck_depthwise_bn", "GDC_batchnorm", "bn"),
        ],
    }[kind]
    dense = "GDC_conv" if kind == "GDC" else f"{kind}_dense"
    return [
        *before,
        Pair("neck_dense", dense, "dense"),
        Pair("neck_dense_bn", "pre_embedding", "bn"),
    ]


def keras_map_places(state, kind, channels):
    """Places of the last map: `(height, width)`, or their product."""
    if kind == "GDC":
        return tuple(state["GDC_dw.kernel"].shape[:2])
    return state[f"{kind}_dense.kernel"].shape[0] // channels


def prepare_keras(state):
    """Fills in what ours have, and takes out what they do not.

    Changes epsilons of batch norms into ours, and biases before one into its
    mean.
    """
    means = [name for name in state if name.endswith(".moving_mean")]
    for mean in means:
        bn = mean.removesuffix(".moving_mean")
        if f"{bn}.epsilon" not in state:
            raise WeightsMismatchError(
                "The file must describe the model, whose batch norms have "
                "epsilons of their own; write it with `model.save`, not with "
                f"`model.save_weights`. Received: no epsilon of {bn}"
            )
        epsilon = np.float32(state.pop(f"{bn}.epsilon"))
        variance = f"{bn}.moving_variance"
        if variance in state:
            state[variance] = state[variance] + (epsilon - np.float32(_EPSILON))
        state.setdefault(f"{bn}.gamma", np.ones_like(state[mean]))
        state.setdefault(f"{bn}.beta", np.zeros_like(state[mean]))
    kind = keras_neck(state)
    dense = "GDC_conv" if kind == "GDC" else f"{kind}_dense"
    mean = "pre_embedding.moving_mean"
    bias = state.pop(f"{dense}.bias", None)
    if bias is not None and bias.shape == state[mean].shape:
        state[mean] = state[mean] - bias
    if kind == "E":
        state["E_dense.bias"] = np.zeros_like(state[mean])
    has_slopes = any(name.endswith(".alpha") for name in state)
    for name in list(state):
        leaf = name.rpartition(".")[2]
        # Class centers go with the head.
        is_known = leaf in ("strides", "norm_dense_w")
        if is_known or (leaf == "relu" and not has_slopes):
            del state[name]


def keras_activation(state):
    """`"prelu"` where there are slopes, or else `"relu"`."""
    return "prelu" if any(n.endswith(".alpha") for n in state) else "relu"


def _resnet_units(state):
    units = []
    for stage in STAGES:
        count = 0
        while f"stack{stage}_block{count + 1}_2_conv.kernel" in state:
            count += 1
        units.append(count)
    return tuple(units)


def _resnet_pairs(state):
    act = "prelu" if keras_activation(state) == "prelu" else None
    pairs = conv_pairs("stem", "0_conv", "0_bn", act and "0_prelu")
    for stage, count in zip(STAGES, _resnet_units(state), strict=True):
        for unit in range(1, count + 1):
            layer = f"stage{stage}_block{unit}"
            source = f"stack{stage}_block{unit}"
            pairs += [
                Pair(f"{layer}_bn", f"{source}_1_bn", "bn"),
                *conv_pairs(
                    f"{layer}_conv1",
                    f"{source}_1_conv",
                    f"{source}_2_bn",
                    act and f"{source}_2_prelu",
                ),
                *conv_pairs(
                    f"{layer}_conv2", f"{source}_2_conv", f"{source}_3_bn"
                ),
            ]
            if unit == 1:
                pairs += conv_pairs(
                    f"{layer}_down",
                    f"{source}_shortcut_conv",
                    f"{source}_shortcut_bn",
                )
    return pairs + keras_neck_pairs(keras_neck(state))


def _resnet_plan(state):
    units, kind = _resnet_units(state), keras_neck(state)
    stem = state["0_conv.kernel"]
    last = state[f"stack4_block{units[-1]}_3_bn.moving_mean"]
    return NetworkPlan(
        build=partial(
            backbones.iresnet,
            units,
            width_multiplier=stem.shape[-1] / 64,
            activation=keras_activation(state),
            name=NAMES.get(units, "iresnet"),
        ),
        embedding_dim=state["pre_embedding.moving_mean"].shape[0],
        neck=NECKS[kind],
        batch_norm=True,
        map_places=keras_map_places(state, kind, last.shape[0]),
    )


KERAS_INSIGHTFACE_RESNET = register(
    Family(
        name="keras_insightface_resnet",
        signature=(
            "0_conv.kernel",
            "stack1_block1_1_conv.kernel",
            "pre_embedding.moving_mean",
        ),
        pairs=_resnet_pairs,
        plan=_resnet_plan,
        prepare=prepare_keras,
        pixel_scale=KERAS_PIXEL_SCALE,
        layout="keras",
    )
)
