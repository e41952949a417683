import keras
import numpy as np
import pytest
from multiply_adds import count_multiply_adds, count_trainable

from keras_sphereface.backbones import iresnet
from keras_sphereface.models import build_embedding_model

UNITS = {
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 14, 3),
    100: (3, 13, 30, 3),
    200: (6, 26, 60, 6),
}
# InsightFace's PyTorch networks (recognition/arcface_torch, 512 values,
# 112x112), counted there: parameters, and multiply-adds of convolutions and
# dense layers.
PUBLISHED = {
    18: (24_025_600, 2_609_954_816),
    34: (34_139_328, 4_459_642_880),
    50: (43_590_848, 6_309_330_944),
    100: (65_156_160, 12_089_606_144),
    200: (118_833_920, 23_418_945_536),
}


def build(depth, **kwargs):
    return build_embedding_model(f"iresnet{depth}", **kwargs)


@pytest.mark.parametrize(
    "depth",
    [
        18,
        50,
        *(pytest.param(d, marks=pytest.mark.slow) for d in (34, 100, 200)),
    ],
)
def test_size_is_that_of_insightface(depth):
    embedder = build(depth)
    parameters, work = PUBLISHED[depth]
    assert count_trainable(embedder) == parameters
    assert count_multiply_adds(embedder) == work


def test_docstring_says_the_size():
    for depth, (parameters, work) in PUBLISHED.items():
        line = (
            f"| IResNet-{depth} | {parameters / 1e6:.2f} M "
            f"| {work / 1e9:.2f} G |"
        )
        assert line in iresnet.__doc__


def normalize_loop(values, weights):
    gamma, beta, mean, variance = weights
    return gamma * (values - mean) / np.sqrt(variance + 1e-5) + beta


@pytest.mark.parametrize("strides", [1, 2])
def test_unit_is_that_of_the_paper(strides):
    model = iresnet((2, 1, 1, 1), (16, 16, 3), width_multiplier=0.125)
    name = f"stage1_block{3 - strides}"
    before = "stem_act" if strides == 2 else "stage1_block1_add"
    unit = keras.Model(
        model.get_layer(before).output, model.get_layer(f"{name}_add").output
    )
    random = np.random.default_rng(0)
    scales = {}
    for layer in unit.layers:
        if isinstance(layer, keras.layers.Conv2D):
            # Convolutions that only scale their channels.
            scales[layer.name] = random.normal(size=8)
            kernel = np.zeros(layer.kernel.shape)
            middle = kernel.shape[0] // 2
            kernel[middle, middle] = np.diag(scales[layer.name])
            layer.set_weights([kernel])
        else:
            layer.set_weights(
                [random.uniform(0.5, 2, w.shape) for w in layer.get_weights()]
            )

    def weights(suffix):
        return [
            w.astype("float64")
            for w in unit.get_layer(f"{name}_{suffix}").get_weights()
        ]

    inputs = random.normal(size=(2, 8 * strides, 8 * strides, 8))
    x = normalize_loop(inputs, weights("bn")) * scales[f"{name}_conv1"]
    x = normalize_loop(x, weights("conv1_bn"))
    x = np.where(x > 0, x, weights("conv1_act")[0] * x)
    x = x[:, ::strides, ::strides] * scales[f"{name}_conv2"]
    x = normalize_loop(x, weights("conv2_bn"))
    identity = inputs
    if strides == 2:
        identity = inputs[:, ::2, ::2] * scales[f"{name}_down"]
        identity = normalize_loop(identity, weights("down_bn"))
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(unit(inputs.astype("float32"))),
        x + identity,
        rtol=1e-4,
        atol=1e-4,
    )


def test_layer_names_are_systematic():
    names = [
        layer.name
        for layer in iresnet(
            (1, 1, 1, 2), (16, 16, 3), width_multiplier=0.125
        ).layers
    ]
    assert names[1:4] == ["stem", "stem_bn", "stem_act"]
    first = {name for name in names if name.startswith("stage4_block1")}
    second = {name for name in names if name.startswith("stage4_block2")}
    prefix = "stage4_block2"
    assert second == {
        f"{prefix}_bn",
        f"{prefix}_conv1",
        f"{prefix}_conv1_bn",
        f"{prefix}_conv1_act",
        f"{prefix}_conv2",
        f"{prefix}_conv2_bn",
        f"{prefix}_add",
    }
    assert {name.replace("block1", "block2") for name in first} == {
        *second,
        f"{prefix}_conv2_pad",
        f"{prefix}_down",
        f"{prefix}_down_bn",
    }


def test_neck_is_batch_norm_dropout_dense_batch_norm():
    embedder = build(
        18, image_size=(32, 16), width_multiplier=0.125, dropout=0.4
    )
    assert [layer.name for layer in embedder.layers[2:]] == [
        "iresnet18",
        "neck_bn",
        "neck_flatten",
        "neck_dropout",
        "neck_dense",
        "neck_dense_bn",
        "embeddings",
    ]
    assert embedder.get_layer("neck_dense").use_bias


@pytest.mark.parametrize("batch_norm", [True, False])
def test_untrained_features_do_not_grow_with_depth(batch_norm):
    images = np.random.default_rng(0).uniform(-1, 1, (4, 32, 32, 3))
    sizes = []
    for units in ((1, 1, 1, 1), (2, 2, 32, 2)):
        keras.utils.set_random_seed(0)
        model = iresnet(
            units, (32, 32, 3), width_multiplier=0.25, batch_norm=batch_norm
        )
        features = keras.ops.convert_to_numpy(model(images.astype("float32")))
        sizes.append(features.std())
    assert 0.3 < sizes[1] / sizes[0] < 3


@pytest.mark.parametrize("units", [(1, 2, 4), (1, 2, 0, 1), (1, 2, 0.5, 1)])
def test_wrong_units_are_an_error(units):
    with pytest.raises(ValueError, match="`units`"):
        iresnet(units, (16, 16, 3))


def test_width_multiplier_must_be_above_zero():
    with pytest.raises(ValueError, match="`width_multiplier` must be above 0"):
        iresnet((1, 1, 1, 1), (16, 16, 3), width_multiplier=0)
