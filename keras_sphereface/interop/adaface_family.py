"""IR-18 to IR-101 as AdaFace and CVLface save them."""

import re

import numpy as np

from keras_sphereface.interop.family import Family, Pair
from keras_sphereface.interop.iresnet_family import iresnet_pairs, iresnet_plan
from keras_sphereface.interop.registry import register
from keras_sphereface.interop.weights_errors import WeightsMismatchError

# Modules of a unit, here and in InsightFace.
_UNIT = {
    "bn1": "res_layer.0",
    "conv1": "res_layer.1",
    "bn2": "res_layer.2",
    "prelu": "res_layer.3",
    "conv2": "res_layer.4",
    "bn3": "res_layer.5",
    "downsample.0": "shortcut_layer.0",
    "downsample.1": "shortcut_layer.1",
}
_ENDS = {
    "conv1": "input_layer.0",
    "bn1": "input_layer.1",
    "prelu": "input_layer.2",
    "bn2": "output_layer.0",
    "fc": "output_layer.3",
    "features": "output_layer.4",
}


def _units(state):
    """Units of each stage; `body.N` counts through the stages."""
    widths = []
    while f"body.{len(widths)}.res_layer.4.weight" in state:
        weight = state[f"body.{len(widths)}.res_layer.4.weight"]
        widths.append(weight.shape[0])
    stages = sorted(set(widths))
    if len(stages) != 4 or widths != sorted(widths):
        raise WeightsMismatchError(
            "The units of an IR network must have four widths. "
            f"Received: widths {stages}. IR-152 and IR-200 of AdaFace are "
            "another network, with bottlenecks, and cannot be imported."
        )
    return tuple(widths.count(width) for width in stages)


def _pairs(state):
    units = _units(state)
    starts = np.cumsum([0, *units])
    pairs = []
    for layer, source, kind in iresnet_pairs(units):
        match = re.fullmatch(r"layer(\d)\.(\d+)\.(.+)", source)
        if match is None:
            pairs.append(Pair(layer, _ENDS[source], kind))
            continue
        stage, unit, module = match.groups()
        number = starts[int(stage) - 1] + int(unit)
        pairs.append(Pair(layer, f"body.{number}.{_UNIT[module]}", kind))
    return pairs


def _prepare(state):
    mean = state.get("output_layer.4.running_mean")
    if mean is not None and "output_layer.4.weight" not in state:
        # `affine=False`.
        state["output_layer.4.weight"] = np.ones_like(mean)
        state["output_layer.4.bias"] = np.zeros_like(mean)
    # Its first unit has 64 channels on both sides, so its identity is not a
    # convolution but every second place: a 1x1 convolution with ones on the
    # diagonal and a batch norm that changes nothing.
    source = "body.0.shortcut_layer"
    stem = state.get("input_layer.0.weight")
    if stem is not None and f"{source}.0.weight" not in state:
        width = stem.shape[0]
        ones, zeros = np.ones(width, "float32"), np.zeros(width, "float32")
        state[f"{source}.0.weight"] = np.eye(width, dtype="float32")[
            :, :, None, None
        ]
        state[f"{source}.1.weight"] = ones
        state[f"{source}.1.bias"] = zeros
        state[f"{source}.1.running_mean"] = zeros
        state[f"{source}.1.running_var"] = ones - 1e-5  # epsilon


ADAFACE = register(
    Family(
        name="adaface",
        signature=("input_layer.0.weight", "body.0.res_layer.3.weight"),
        pairs=_pairs,
        plan=lambda state: iresnet_plan(
            _units(state),
            state["input_layer.0.weight"],
            state["output_layer.0.running_mean"].shape[0],
            state["output_layer.3.weight"],
        ),
        prepare=_prepare,
        color_order="BGR",
    )
)
