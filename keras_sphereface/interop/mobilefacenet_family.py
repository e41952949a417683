"""MobileFaceNet as three public projects save it."""

from functools import partial

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

# Of the paper, after the first two convolutions.
_PAPER_BLOCKS = (5, 1, 6, 1, 2)


def _bottleneck_pairs(layer, modules):
    """Pairs of an inverted residual.

    Args:
        layer: str, name of the block of ours.
        modules: names of convolution, batch norm, activation, the same of the
            depthwise convolution, and convolution and batch norm of the last.
    """
    return [
        *conv_pairs(f"{layer}_expand", *modules[:3]),
        *conv_pairs(f"{layer}_depthwise", *modules[3:6]),
        *conv_pairs(f"{layer}_project", *modules[6:]),
    ]


def _paper_layers():
    for stage, blocks in enumerate(_PAPER_BLOCKS, start=1):
        for block in range(1, blocks + 1):
            yield f"stage{stage}_block{block}"


def _plan(build, embedding_dim, depthwise):
    return NetworkPlan(
        build=build,
        embedding_dim=embedding_dim,
        neck="gdconv",
        batch_norm=True,
        map_places=tuple(depthwise.shape[2:]),
    )


def xiaoccer_pairs():
    """Pairs of Xiaoccer's MobileFaceNet, in the order of computation."""

    def modules(source):
        return [f"{source}.conv", f"{source}.bn", f"{source}.prelu"]

    pairs = conv_pairs("stem", *modules("conv1"))
    pairs += conv_pairs("stem_depthwise", *modules("dw_conv1"))
    for number, layer in enumerate(_paper_layers()):
        source = f"blocks.{number}.conv"
        pairs += _bottleneck_pairs(layer, [f"{source}.{n}" for n in range(8)])
    return [
        *pairs,
        *conv_pairs("top", *modules("conv2")),
        *conv_pairs("neck_depthwise", "linear7.conv", "linear7.bn"),
        Pair("neck_dense", "linear1.conv", "linear"),
        Pair("neck_dense_bn", "linear1.bn", "bn"),
    ]


def _treb1en_sources():
    """Names of the blocks in the order of the paper's."""
    yield "conv_23"
    yield from (f"conv_3.model.{n}" for n in range(4))
    yield "conv_34"
    yield from (f"conv_4.model.{n}" for n in range(6))
    yield "conv_45"
    yield from (f"conv_5.model.{n}" for n in range(2))


def treb1en_pairs():
    """Pairs of TreB1eN's MobileFaceNet, in the order of computation."""

    def modules(source):
        return [f"{source}.conv", f"{source}.bn", f"{source}.prelu"]

    pairs = conv_pairs("stem", *modules("conv1"))
    pairs += conv_pairs("stem_depthwise", *modules("conv2_dw"))
    for layer, source in zip(_paper_layers(), _treb1en_sources(), strict=True):
        pairs += _bottleneck_pairs(
            layer,
            [
                *modules(f"{source}.conv"),
                *modules(f"{source}.conv_dw"),
                f"{source}.project.conv",
                f"{source}.project.bn",
            ],
        )
    return [
        *pairs,
        *conv_pairs("top", *modules("conv_6_sep")),
        *conv_pairs("neck_depthwise", "conv_6_dw.conv", "conv_6_dw.bn"),
        Pair("neck_dense", "linear", "linear"),
        Pair("neck_dense_bn", "bn", "bn"),
    ]


def insightface_pairs(blocks, *, is_flat=False):
    """Pairs of InsightFace's MobileFaceNet, in the order of computation.

    Args:
        blocks: four ints, as InsightFace counts: `(1, 4, 6, 2)` or
            `(2, 8, 12, 4)`.
        is_flat: bool, whether it ends as the file that InsightFace ships, in a
            1x1 convolution and a dense layer. Defaults to `False`.

    Returns:
        List of `Pair`.
    """

    def modules(source):
        return [f"{source}.layers.{n}" for n in range(3)]

    def block_modules(source):
        names = [f"{source}.layers.{n}" for n in range(3)]
        return [*modules(names[0]), *modules(names[1]), *modules(names[2])[:2]]

    pairs = conv_pairs("stem", *modules("layers.0"))
    if blocks[0] == 1:
        pairs += conv_pairs("stem_grouped", *modules("layers.1"))
    else:
        for n in range(blocks[0]):
            pairs += _bottleneck_pairs(
                f"stem_block{n + 1}", block_modules(f"layers.1.layers.{n}")
            )
    for stage, residual_blocks in enumerate(blocks[1:], start=1):
        pairs += _bottleneck_pairs(
            f"stage{stage}_block1", block_modules(f"layers.{2 * stage}")
        )
        for n in range(residual_blocks):
            pairs += _bottleneck_pairs(
                f"stage{stage}_block{n + 2}",
                block_modules(f"layers.{2 * stage + 1}.layers.{n}"),
            )
    pairs += conv_pairs("top", *modules("conv_sep"))
    if is_flat:
        return [
            *pairs,
            *conv_pairs("flat", *modules("embed_conv")),
            Pair("neck_dense", "fc", "linear"),
            Pair("neck_dense_bn", "features", "bn"),
        ]
    return [
        *pairs,
        *conv_pairs("neck_depthwise", *modules("features.layers.0")[:2]),
        Pair("neck_dense", "features.layers.2", "linear"),
        Pair("neck_dense_bn", "features.layers.3", "bn"),
    ]


def _insightface_blocks(state):
    def count(layer):
        return count_modules(
            state, f"layers.{layer}.layers.{{}}.layers.0.layers.0.weight"
        )

    return (count(1) or 1, count(3), count(5), count(7))


def _insightface_build(state):
    is_large = _insightface_blocks(state)[0] > 1
    return (
        backbones.mobilefacenet_insightface_large
        if is_large
        else backbones.mobilefacenet_insightface
    )


def _insightface_plan(state):
    return _plan(
        _insightface_build(state),
        state["features.layers.2.weight"].shape[0],
        state["features.layers.0.layers.0.weight"],
    )


def _flat_plan(state):
    filters = state["embed_conv.layers.0.weight"].shape[0]
    embedding_dim, values = state["fc.weight"].shape
    return NetworkPlan(
        build=partial(_insightface_build(state), flat_filters=filters),
        embedding_dim=embedding_dim,
        neck="flatten",
        batch_norm=True,
        map_places=values // filters,
    )


MOBILEFACENET_FAMILIES = (
    Family(
        name="insightface_mobilefacenet",
        signature=("conv_sep.layers.0.weight", "features.layers.2.weight"),
        pairs=lambda state: insightface_pairs(_insightface_blocks(state)),
        plan=_insightface_plan,
    ),
    # That of `w600k_mbf.onnx`, which has no names; those of the last layers
    # are what others call them in PyTorch.
    Family(
        name="insightface_mobilefacenet_flat",
        signature=("conv_sep.layers.0.weight", "embed_conv.layers.0.weight"),
        pairs=lambda state: insightface_pairs(
            _insightface_blocks(state), is_flat=True
        ),
        plan=_flat_plan,
        prepare=lambda state: fold_bias(state, "fc", "features"),
    ),
    # github.com/Xiaoccer/MobileFaceNet_Pytorch divides by 128.
    Family(
        name="xiaoccer_mobilefacenet",
        signature=("dw_conv1.conv.weight", "linear7.conv.weight"),
        pairs=lambda _: xiaoccer_pairs(),
        plan=lambda state: _plan(
            backbones.mobilefacenet,
            state["linear1.conv.weight"].shape[0],
            state["linear7.conv.weight"],
        ),
        pixel_scale=128.0,
    ),
    # github.com/TreB1eN/InsightFace_Pytorch, and the many that start from it,
    # train on what its `load_mx_rec` writes: blue first.
    Family(
        name="treb1en_mobilefacenet",
        signature=("conv2_dw.conv.weight", "conv_6_dw.conv.weight"),
        pairs=lambda _: treb1en_pairs(),
        plan=lambda state: _plan(
            backbones.mobilefacenet,
            state["linear.weight"].shape[0],
            state["conv_6_dw.conv.weight"],
        ),
        color_order="BGR",
    ),
)
for _family in MOBILEFACENET_FAMILIES:
    register(_family)
