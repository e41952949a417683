"""Names and shapes of InsightFace's IResNet."""

import numpy as np
import pytest

from keras_sphereface.interop.iresnet_family import (
    INSIGHTFACE_IRESNET,
    iresnet_pairs,
)

# As `iresnet.py` of InsightFace names a unit that changes the size.
FIRST_UNIT = [
    ("stage3_block1_bn", "layer3.0.bn1", "bn"),
    ("stage3_block1_conv1", "layer3.0.conv1", "conv"),
    ("stage3_block1_conv1_bn", "layer3.0.bn2", "bn"),
    ("stage3_block1_conv1_act", "layer3.0.prelu", "prelu"),
    ("stage3_block1_conv2", "layer3.0.conv2", "conv"),
    ("stage3_block1_conv2_bn", "layer3.0.bn3", "bn"),
    ("stage3_block1_down", "layer3.0.downsample.0", "conv"),
    ("stage3_block1_down_bn", "layer3.0.downsample.1", "bn"),
]


def state_of(units, width=64, channels=512, dim=512, places=49):
    state = {
        f"layer{stage}.{unit}.conv2.weight": np.empty(0)
        for stage, count in enumerate(units, start=1)
        for unit in range(count)
    }
    return {
        **state,
        "conv1.weight": np.empty((width, 3, 3, 3)),
        "bn2.running_mean": np.empty(channels),
        "fc.weight": np.empty((dim, places * channels), "bool"),
    }


def test_a_unit_has_the_names_of_insightface():
    pairs = iresnet_pairs((1, 1, 2, 1))
    start = pairs.index(FIRST_UNIT[0])
    assert pairs[start : start + 8] == FIRST_UNIT
    # Only the first unit of a stage changes the size.
    second = [pair for pair in pairs if "stage3_block2" in pair.layer]
    assert [pair.source for pair in second] == [
        source.replace("3.0", "3.1") for _, source, _ in FIRST_UNIT[:6]
    ]


def test_pairs_begin_at_the_image_and_end_at_the_embedding():
    pairs = iresnet_pairs((1, 1, 1, 1))
    assert len(pairs) == 3 + 4 * 8 + 3
    assert [pair.source for pair in pairs[:3]] == ["conv1", "bn1", "prelu"]
    assert [pair.source for pair in pairs[-3:]] == ["bn2", "fc", "features"]


@pytest.mark.parametrize(
    ("units", "name"),
    [
        ((2, 2, 2, 2), "iresnet18"),
        ((3, 4, 14, 3), "iresnet50"),
        ((3, 13, 30, 3), "iresnet100"),
        ((1, 2, 3, 4), "iresnet"),
    ],
)
def test_units_are_counted_and_known_networks_named(units, name):
    state = state_of(units)
    plan = INSIGHTFACE_IRESNET.plan(state)
    assert plan.build.args == (units,)
    assert plan.build.keywords == {"width_multiplier": 1.0, "name": name}
    assert len(INSIGHTFACE_IRESNET.pairs(state)) == 6 + 6 * sum(units) + 2 * 4


def test_widths_and_places_are_those_of_the_file():
    state = state_of((2, 2, 2, 2), width=32, channels=256, dim=128, places=42)
    plan = INSIGHTFACE_IRESNET.plan(state)
    assert plan.build.keywords["width_multiplier"] == 0.5
    assert (plan.embedding_dim, plan.map_places) == (128, 42)
    assert (plan.neck, plan.batch_norm) == ("bn_flatten", True)
