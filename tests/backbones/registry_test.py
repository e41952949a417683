import keras
import numpy as np
import pytest

from keras_sphereface import backbones

# The others have 512.
CHANNELS = {
    "mobilefacenet_small": 256,
    "ghostfacenet_v1": 664,
    "ghostfacenet_v2": 1248,
}
# Deep ones differ from their smaller kin only in the number of blocks.
DEEP = ("iresnet34", "iresnet100", "iresnet200")
NAMES = [
    pytest.param(name, marks=pytest.mark.slow) if name in DEEP else name
    for name in backbones.names()
    # Which have no map, and tests of their own.
    if not name.startswith(("edgeface", "vit"))
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("height", "width"), [(112, 112), (112, 96)])
def test_every_name_maps_images_to_a_sixteenth_of_their_size(
    name, height, width
):
    model = backbones.get(name, (height, width, 3))
    assert model.name == name
    assert model.input_shape == (None, height, width, 3)
    assert model.output_shape == (
        None,
        height // 16,
        width // 16,
        CHANNELS.get(name, 512),
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_name_computes_finite_features_of_its_output_shape(name):
    keras.utils.set_random_seed(0)
    model = backbones.get(name, (32, 16, 3))
    images = np.random.default_rng(0).uniform(-1, 1, (2, 32, 16, 3))
    features = keras.ops.convert_to_numpy(model(images.astype("float32")))
    assert features.shape == (2, *model.output_shape[1:])
    assert np.isfinite(features).all()
    assert np.ptp(features[0] - features[1]) > 0


@pytest.mark.parametrize("name", NAMES)
def test_every_name_takes_one_channel_and_its_own_arguments(name):
    model = backbones.get(
        name, (16, 16, 1), batch_norm=False, activation="prelu"
    )
    assert model.input_shape[-1] == 1
    kinds = {type(layer).__name__ for layer in model.layers}
    assert "FusedPReLU" in kinds
    assert not kinds & {"ReLU", "FusedBatchNormalization"}


def test_names_lists_all():
    assert sorted(backbones.names()) == [
        "edgeface_s",
        "edgeface_xs",
        "ghostfacenet_v1",
        "ghostfacenet_v2",
        "iresnet100",
        "iresnet18",
        "iresnet200",
        "iresnet34",
        "iresnet50",
        "mobilefacenet",
        "mobilefacenet_insightface",
        "mobilefacenet_insightface_large",
        "mobilefacenet_small",
        "sfnet10",
        "sfnet20",
        "sfnet36",
        "sfnet4",
        "sfnet64",
        "vit_small",
        "vit_tiny",
    ]


def test_default_neck_is_that_of_the_paper():
    assert backbones.default_neck("mobilefacenet_small") == "gdconv"
    assert backbones.default_neck("sfnet64") == "flatten"
    assert backbones.default_neck("iresnet50") == "bn_flatten"
    assert backbones.default_neck("edgeface_s") == "linear"


def test_only_edgeface_has_no_batch_norm():
    without = [n for n in backbones.names() if not backbones.has_batch_norm(n)]
    assert without == ["edgeface_xs", "edgeface_s"]


@pytest.mark.parametrize(
    "call",
    [backbones.get, backbones.default_neck, backbones.has_batch_norm],
)
def test_unknown_name_lists_the_right_ones(call):
    with pytest.raises(ValueError, match=r"'sfnet20'.*name='resnet'"):
        call("resnet")


def test_argument_that_no_backbone_reads_is_an_error():
    with pytest.raises(TypeError, match="width_multiplier"):
        backbones.get("sfnet4", (16, 16, 3), width_multiplier=0.5)


@pytest.mark.parametrize("name", backbones.names())
def test_image_that_cannot_be_halved_four_times_is_an_error(name):
    with pytest.raises(ValueError, match="multiples of 16"):
        backbones.get(name, (100, 100, 3))
