import keras
import numpy as np
import pytest

from keras_sphereface import backbones
from keras_sphereface.contract.registry import Registry
from keras_sphereface.models import build_embedding_model

CHANNELS = {
    "mobilefacenet": 512,
    "iresnet50": 512,
    "sfnet20": 512,
    "mobilefacenet_small": 256,
    "ghostfacenet_v1": 664,
    "ghostfacenet_v2": 1248,
}
# Deep ones differ from their smaller kin only in the number of blocks.
DEEP = ["iresnet34", "iresnet100", "iresnet200"]
NAMES = [
    name
    for name in backbones.names()
    # The others return a vector, and have tests of their own.
    if backbones.default_neck(name) not in (None, "linear") and name not in DEEP
]


@pytest.mark.parametrize(
    "name",
    [*NAMES, *(pytest.param(name, marks=pytest.mark.slow) for name in DEEP)],
)
def test_every_name_maps_images_to_a_sixteenth_of_their_size(name):
    model = backbones.get(name, (112, 96, 3))
    assert model.name == name
    assert model.input_shape == (None, 112, 96, 3)
    *places, channels = model.output_shape[1:]
    assert places == [7, 6]
    assert channels == CHANNELS.get(name, channels)


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


def test_every_name_is_a_public_function():
    assert {"edgeface_xs", "iresnet50", "sfnet20"} <= set(backbones.names())
    assert set(backbones.names()) <= set(backbones.__all__)
    for name in backbones.names():
        assert getattr(backbones, name) is backbones.builder_of(name)


def test_default_neck_is_that_of_the_paper():
    assert backbones.default_neck("mobilefacenet_small") == "gdconv"
    assert backbones.default_neck("sfnet64") == "flatten"
    assert backbones.default_neck("iresnet50") == "bn_flatten"
    assert backbones.default_neck("edgeface_s") == "linear"


def test_edgeface_alone_among_these_has_no_batch_norm():
    assert backbones.has_batch_norm("mobilefacenet")
    assert backbones.has_batch_norm("sfnet20")
    assert not backbones.has_batch_norm("edgeface_xs")
    assert not backbones.has_batch_norm("edgeface_s")


@pytest.mark.parametrize(
    "call",
    [
        backbones.get,
        backbones.builder_of,
        backbones.default_neck,
        backbones.has_batch_norm,
    ],
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


@pytest.fixture
def register(monkeypatch):
    """`register`, on a registry that is gone after the test."""
    ours = backbones.registry
    copy = Registry("backbone")
    for name in backbones.names():
        copy.register(name, backbones.builder_of(name))
    monkeypatch.setattr(ours, "_BACKBONES", copy)
    monkeypatch.setattr(ours, "_FACTS", dict(ours._FACTS))
    return backbones.register


def plain(input_shape=(112, 112, 3), *, filters=4, batch_norm=True):
    images = keras.Input(input_shape)
    x = keras.layers.Conv2D(filters, 3, strides=16, name="conv")(images)
    if batch_norm:
        x = keras.layers.BatchNormalization(name="bn")(x)
    return keras.Model(images, x, name="plain")


def without_arguments(input_shape):
    images = keras.Input(input_shape)
    return keras.Model(images, keras.layers.Flatten()(images), name="pixels")


def layers_of(name, **kwargs):
    """Names of all layers of an embedder, those of its backbone included."""
    embedder = build_embedding_model(
        name, embedding_dim=8, image_size=(32, 32), **kwargs
    )
    images = np.zeros((2, 32, 32, 3), "uint8")
    assert embedder(images).shape == (2, 8)
    return {layer.name for layer in embedder._flatten_layers()}


def test_a_backbone_of_the_user_is_found_by_its_name(register):
    assert register("plain", plain, neck="gdconv") is plain
    assert "plain" in backbones.names()
    assert backbones.get("plain", (32, 32, 3)).output_shape == (None, 2, 2, 4)
    assert {"plain", "bn", "neck_depthwise"} <= layers_of("plain")
    assert "bn" not in layers_of("plain", batch_norm=False, filters=2)
    assert "neck_average" in layers_of("plain", neck="average")


def test_a_decorator_registers_too(register):
    @register("pixels", batch_norm=False)
    def pixels(input_shape, **kwargs):
        assert not kwargs
        return without_arguments(input_shape)

    assert backbones.builder_of("pixels") is pixels
    assert backbones.default_neck("pixels") is None
    assert "neck_dense" in layers_of("pixels")


@pytest.mark.parametrize("function", ["plain", "without_arguments"])
def test_a_function_of_any_module_is_a_backbone(function):
    name = f"{__name__}:{function}"
    has_map = function == "plain"
    assert ("neck_average" in layers_of(name)) is has_map
    assert backbones.has_batch_norm(name) is has_map


def test_a_network_of_keras_is_a_backbone_by_its_path():
    layers = layers_of(
        "keras.applications:MobileNetV2",
        include_top=False,
        weights=None,
        alpha=0.35,
    )
    assert {"neck_average", "out_relu"} <= layers


@pytest.mark.parametrize(
    ("builder", "message"),
    [
        (lambda input_shape: "network", r"must be a keras\.Model.*'network'"),
        (
            lambda input_shape: plain((64, 64, 3)),
            r"`backbone` must take images of shape .*\(64, 64, 3\)",
        ),
    ],
)
def test_what_is_no_backbone_is_refused(register, builder, message):
    register("wrong", builder)
    with pytest.raises(ValueError, match=message):
        layers_of("wrong")


def test_a_name_of_ours_is_not_given_away(register):
    with pytest.raises(ValueError, match=r"another backbone.*'sfnet20'"):
        register("sfnet20", plain)
