import keras
import numpy as np
import pytest
from multiply_adds import count_multiply_adds, count_trainable

from keras_sphereface import backbones
from keras_sphereface.backbones import (
    mobilefacenet_insightface,
    mobilefacenet_insightface_large,
)
from keras_sphereface.models import build_embedding_model

BUILDERS = [mobilefacenet_insightface, mobilefacenet_insightface_large]


# InsightFace's `mbf` and `mbf_large` in PyTorch (recognition/arcface_torch,
# 512 values, 112x112), counted there.
@pytest.mark.parametrize(
    ("name", "parameters", "work"),
    [
        ("mobilefacenet_insightface", 2_059_520, 437_520_896),
        ("mobilefacenet_insightface_large", 6_314_880, 1_816_482_816),
    ],
)
def test_size_is_that_of_insightface(name, parameters, work):
    embedder = build_embedding_model(name)
    assert count_trainable(embedder) == parameters
    assert count_multiply_adds(embedder) == work
    doc = getattr(backbones, name).__doc__
    assert f"{parameters / 1e6:.2f} M trainable" in doc
    assert f"{work / 1e6:.1f} M" in doc or f"{work / 1e9:.2f} G" in doc


def test_kernels_and_slopes_are_as_many_as_in_the_file_that_ships():
    embedder = build_embedding_model(
        "mobilefacenet_insightface", flat_filters=64, neck="flatten"
    )
    numbers = sum(
        int(np.prod(weight.shape))
        for weight in embedder.trainable_weights
        if weight.name in ("kernel", "alpha")
    )
    # Counted in `w600k_mbf.onnx`, whose batch norms are folded.
    assert numbers == 3_386_944
    assert f"{count_trainable(embedder) / 1e6:.2f} M parameters" in (
        mobilefacenet_insightface.__doc__
    )


def test_layer_names_are_systematic():
    names = [x.name for x in mobilefacenet_insightface((16, 16, 3)).layers]
    assert names[1:8] == [
        "stem_pad",
        "stem",
        "stem_bn",
        "stem_act",
        "stem_grouped",
        "stem_grouped_bn",
        "stem_grouped_act",
    ]
    assert [name for name in names if name.endswith("_add")] == (
        [f"stage1_block{block}_add" for block in (2, 3, 4, 5)]
        + [f"stage2_block{block}_add" for block in (2, 3, 4, 5, 6, 7)]
        + [f"stage3_block{block}_add" for block in (2, 3)]
    )
    assert names[-3:] == ["top", "top_bn", "top_act"]


def test_large_one_starts_with_residual_blocks():
    model = mobilefacenet_insightface_large((16, 16, 3), width_multiplier=0.25)
    adds = [x.name for x in model.layers if isinstance(x, keras.layers.Add)]
    assert adds[:3] == [
        "stem_block1_add",
        "stem_block2_add",
        "stage1_block2_add",
    ]
    assert len(adds) == 2 + 8 + 12 + 4


@pytest.mark.parametrize("build", BUILDERS)
def test_width_multiplier_must_be_above_zero(build):
    with pytest.raises(ValueError, match="`width_multiplier` must be above 0"):
        build((32, 32, 3), width_multiplier=0)
