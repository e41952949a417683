"""What is known of the networks of one public project."""

import re
from dataclasses import dataclass
from typing import Any, NamedTuple


class Pair(NamedTuple):
    """A layer of ours and the module of a file that it comes from.

    Attributes:
        layer: str, name of the Keras layer.
        source: str, name of the module in the file.
        kind: `"conv"`, `"bn"`, `"prelu"`, `"linear"` (behind a flattened map),
            `"dense"` (over channels), `"ln"`, `"attention"`, `"scale"` or
            `"attention_scale"`.
    """

    layer: str
    source: str
    kind: str


@dataclass(frozen=True)
class Family:
    """Names and habits of one public project.

    Args:
        name: str.
        signature: names of weights that only these networks have together.
        foreign: names of weights that they do not have.
        pairs: function of the state to a list of `Pair`, in the order in which
            the network computes.
        plan: function of the state to `NetworkPlan`.
        prepare: function that changes the state, a dict of arrays, where
            layers of ours have no place for what the file has. Defaults to
            none.
        color_order: `"RGB"` or `"BGR"`, what the network was trained on.
            Defaults to `"RGB"`.
        pixel_scale: float, or three in the order of `color_order`: the
            network's value is `(pixel - pixel_mean) / pixel_scale`. Defaults
            to `127.5`.
        pixel_mean: as `pixel_scale`. Defaults to `127.5`.
        layout: `"torch"` or `"keras"`, which axes of an array are which, and
            what its weights are called. Defaults to `"torch"`.
    """

    name: str
    signature: tuple
    pairs: Any
    plan: Any
    foreign: tuple = ()
    prepare: Any = None
    color_order: str = "RGB"
    pixel_scale: Any = 127.5
    pixel_mean: Any = 127.5
    layout: str = "torch"


class NetworkPlan(NamedTuple):
    """The network that a file holds, as its names and shapes tell.

    Attributes:
        build: function of `input_shape`, the backbone.
        embedding_dim: int.
        neck: str, a neck of `build_embedding_model`.
        batch_norm: bool, batch normalization in the neck.
        map_places: places of the last feature map, `(height, width)` where
            the file tells them apart, or their product; `None` where the
            network takes images of any size.
    """

    build: Any
    embedding_dim: int
    neck: str
    batch_norm: bool
    map_places: Any


def conv_pairs(layer, conv, bn=None, prelu=None):
    """Pairs of one convolution, its batch norm and its activation."""
    pairs = [Pair(layer, conv, "conv")]
    if bn is not None:
        pairs.append(Pair(f"{layer}_bn", bn, "bn"))
    if prelu is not None:
        pairs.append(Pair(f"{layer}_act", prelu, "prelu"))
    return pairs


def count_modules(state, pattern):
    """How many modules of consecutive numbers match.

    Args:
        state: dict of arrays.
        pattern: str with `{}` in place of the number, such as
            `"layer1.{}.conv1.weight"`.

    Returns:
        Int.
    """
    before, after = (re.escape(part) for part in pattern.split("{}"))
    expression = re.compile(f"{before}(\\d+){after}")
    numbers = {
        int(match.group(1))
        for match in map(expression.fullmatch, state)
        if match
    }
    count = 0
    while count in numbers:
        count += 1
    return count


def fold_bias(state, linear, bn):
    """Moves a linear layer's bias into the mean of the batch norm behind it.

    `x + b - mean` is `x - (mean - b)`, and layers of ours that batch norm
    follows have no bias.

    Args:
        state: dict of arrays, changed.
        linear: str, name of the linear module.
        bn: str, name of the batch norm.
    """
    bias = state.pop(f"{linear}.bias", None)
    mean = state.get(f"{bn}.running_mean")
    if bias is not None and mean is not None and mean.shape == bias.shape:
        state[f"{bn}.running_mean"] = mean - bias
