"""IResNet as InsightFace and OpenSphere save it."""

from functools import partial

from keras_sphereface import backbones
from keras_sphereface.interop.family import (
    Family,
    NetworkPlan,
    Pair,
    conv_pairs,
    count_modules,
)
from keras_sphereface.interop.registry import register

STAGES = (1, 2, 3, 4)
# Units of a stage by the name of the network.
NAMES = {
    (2, 2, 2, 2): "iresnet18",
    (3, 4, 6, 3): "iresnet34",
    (3, 4, 14, 3): "iresnet50",
    (3, 13, 30, 3): "iresnet100",
    (6, 26, 60, 6): "iresnet200",
}


def iresnet_plan(units, stem, top_channels, linear):
    """`NetworkPlan` of an IResNet.

    Args:
        units: four ints, residual units in each stage.
        stem: kernel of the first convolution, `(filters, 3, 3, 3)`.
        top_channels: int, channels of the last feature map.
        linear: weights of the neck, `(embedding_dim, places * channels)`.

    Returns:
        `NetworkPlan`.
    """
    return NetworkPlan(
        build=partial(
            backbones.iresnet,
            units,
            width_multiplier=stem.shape[0] / 64,
            name=NAMES.get(tuple(units), "iresnet"),
        ),
        embedding_dim=linear.shape[0],
        neck="bn_flatten",
        batch_norm=True,
        map_places=linear.shape[1] // top_channels,
    )


def iresnet_pairs(units):
    """Pairs of an IResNet, in the order in which it computes.

    Args:
        units: four ints, residual units in each stage.

    Returns:
        List of `Pair`.
    """
    pairs = conv_pairs("stem", "conv1", "bn1", "prelu")
    for stage, count in zip(STAGES, units, strict=True):
        for unit in range(count):
            layer = f"stage{stage}_block{unit + 1}"
            source = f"layer{stage}.{unit}"
            pairs += [
                Pair(f"{layer}_bn", f"{source}.bn1", "bn"),
                *conv_pairs(
                    f"{layer}_conv1",
                    f"{source}.conv1",
                    f"{source}.bn2",
                    f"{source}.prelu",
                ),
                *conv_pairs(
                    f"{layer}_conv2", f"{source}.conv2", f"{source}.bn3"
                ),
            ]
            if unit == 0:
                pairs += conv_pairs(
                    f"{layer}_down",
                    f"{source}.downsample.0",
                    f"{source}.downsample.1",
                )
    return [
        *pairs,
        Pair("neck_bn", "bn2", "bn"),
        Pair("neck_dense", "fc", "linear"),
        Pair("neck_dense_bn", "features", "bn"),
    ]


def _units(state):
    return tuple(
        count_modules(state, f"layer{stage}.{{}}.conv2.weight")
        for stage in STAGES
    )


INSIGHTFACE_IRESNET = register(
    Family(
        name="insightface_iresnet",
        signature=("conv1.weight", "prelu.weight", "layer1.0.prelu.weight"),
        pairs=lambda state: iresnet_pairs(_units(state)),
        plan=lambda state: iresnet_plan(
            _units(state),
            state["conv1.weight"],
            state["bn2.running_mean"].shape[0],
            state["fc.weight"],
        ),
    )
)
