"""Names that three projects give to one MobileFaceNet."""

import collections

import numpy as np
import pytest

from keras_sphereface.interop.mobilefacenet_family import (
    MOBILEFACENET_FAMILIES,
    insightface_pairs,
    treb1en_pairs,
    xiaoccer_pairs,
)

FAMILIES = {family.name: family for family in MOBILEFACENET_FAMILIES}


def sources_of(pairs):
    """Source by layer; a layer and a source stand once."""
    sources = {pair.layer: pair.source for pair in pairs}
    assert len(sources) == len(set(sources.values())) == len(pairs)
    return sources


# 15 blocks of 8 layers; 6 at the start, 3 + 2 + 2 at the end.
@pytest.mark.parametrize("pairs_of", [xiaoccer_pairs, treb1en_pairs])
def test_every_layer_of_the_paper_has_a_source(pairs_of):
    sources = sources_of(pairs_of())
    assert len(sources) == 15 * 8 + 13
    blocks = collections.Counter(
        layer[:6] for layer in sources if layer.endswith("_expand")
    )
    assert blocks == {
        "stage1": 5,
        "stage2": 1,
        "stage3": 6,
        "stage4": 1,
        "stage5": 2,
    }


@pytest.mark.parametrize(
    ("layer", "xiaoccer", "treb1en"),
    [
        ("stem", "conv1.conv", "conv1.conv"),
        ("stem_depthwise_act", "dw_conv1.prelu", "conv2_dw.prelu"),
        ("stage1_block1_expand", "blocks.0.conv.0", "conv_23.conv.conv"),
        (
            "stage1_block5_depthwise",
            "blocks.4.conv.3",
            "conv_3.model.3.conv_dw.conv",
        ),
        ("stage2_block1_expand_bn", "blocks.5.conv.1", "conv_34.conv.bn"),
        (
            "stage3_block6_project",
            "blocks.11.conv.6",
            "conv_4.model.5.project.conv",
        ),
        ("stage4_block1_project_bn", "blocks.12.conv.7", "conv_45.project.bn"),
        (
            "stage5_block2_depthwise_act",
            "blocks.14.conv.5",
            "conv_5.model.1.conv_dw.prelu",
        ),
        ("top", "conv2.conv", "conv_6_sep.conv"),
        ("neck_depthwise_bn", "linear7.bn", "conv_6_dw.bn"),
        ("neck_dense", "linear1.conv", "linear"),
        ("neck_dense_bn", "linear1.bn", "bn"),
    ],
)
def test_a_layer_has_the_name_of_each_project(layer, xiaoccer, treb1en):
    assert sources_of(xiaoccer_pairs())[layer] == xiaoccer
    assert sources_of(treb1en_pairs())[layer] == treb1en


def test_insightface_counts_through_the_stages():
    sources = sources_of(insightface_pairs((1, 4, 6, 2)))
    assert sources["stem_grouped"] == "layers.1.layers.0"
    assert sources["stage1_block1_expand"] == "layers.2.layers.0.layers.0"
    assert (
        sources["stage2_block7_project_bn"]
        == "layers.5.layers.5.layers.2.layers.1"
    )
    assert (
        sources["stage3_block3_depthwise_act"]
        == "layers.7.layers.1.layers.1.layers.2"
    )
    assert sources["neck_dense"] == "features.layers.2"


def test_the_large_one_has_blocks_where_the_small_has_a_convolution():
    sources = sources_of(insightface_pairs((2, 8, 12, 4)))
    assert "stem_grouped" not in sources
    assert (
        sources["stem_block2_expand"] == "layers.1.layers.1.layers.0.layers.0"
    )


def test_the_file_that_insightface_ships_ends_otherwise():
    sources = sources_of(insightface_pairs((1, 4, 6, 2), is_flat=True))
    assert sources["flat"] == "embed_conv.layers.0"
    assert (sources["neck_dense"], sources["neck_dense_bn"]) == (
        "fc",
        "features",
    )
    assert "neck_depthwise" not in sources


@pytest.mark.parametrize(
    ("name", "weights"),
    [
        (
            "xiaoccer_mobilefacenet",
            ("linear1.conv.weight", "linear7.conv.weight"),
        ),
        ("treb1en_mobilefacenet", ("linear.weight", "conv_6_dw.conv.weight")),
        (
            "insightface_mobilefacenet",
            ("features.layers.2.weight", "features.layers.0.layers.0.weight"),
        ),
    ],
)
def test_the_places_are_those_of_the_depthwise_convolution(name, weights):
    linear, depthwise = weights
    state = {
        linear: np.empty((128, 512)),
        depthwise: np.empty((512, 1, 7, 6)),
    }
    plan = FAMILIES[name].plan(state)
    assert (plan.embedding_dim, plan.map_places) == (128, (7, 6))
    assert (plan.neck, plan.batch_norm) == ("gdconv", True)


def test_the_flat_file_tells_the_product_of_its_places():
    state = {
        "embed_conv.layers.0.weight": np.empty((64, 512, 1, 1)),
        "fc.weight": np.empty((512, 64 * 49)),
    }
    plan = FAMILIES["insightface_mobilefacenet_flat"].plan(state)
    assert plan.build.keywords == {"flat_filters": 64}
    assert (plan.embedding_dim, plan.map_places) == (512, 49)


def test_pixels_are_those_that_each_project_trained_on():
    habits = {
        name: (family.color_order, family.pixel_scale)
        for name, family in FAMILIES.items()
    }
    assert habits == {
        "insightface_mobilefacenet": ("RGB", 127.5),
        "insightface_mobilefacenet_flat": ("RGB", 127.5),
        "xiaoccer_mobilefacenet": ("RGB", 128.0),
        "treb1en_mobilefacenet": ("BGR", 127.5),
    }
