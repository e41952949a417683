import keras
import numpy as np
import pytest

from keras_sphereface.models import build_embedding_model

SMALL = {"embedding_dim": 8, "image_size": (32, 16)}


@pytest.fixture
def pixels():
    random = np.random.default_rng(0)
    return random.integers(0, 256, (4, 32, 16, 3), dtype="uint8")


def make_map_model(shape=(32, 16, 3)):
    images = keras.Input(shape)
    features = keras.layers.Conv2D(5, 3, strides=4)(images)
    return keras.Model(images, features, name="own")


def make_vector_model(shape=(32, 16, 3)):
    images = keras.Input(shape)
    vector = keras.layers.GlobalAveragePooling2D()(images)
    return keras.Model(images, vector, name="own")


@pytest.mark.parametrize(
    ("neck", "layers"),
    [
        (None, ["neck_average"]),
        ("average", ["neck_average"]),
        ("flatten", ["neck_flatten"]),
        ("gdconv", ["neck_depthwise", "neck_depthwise_bn", "neck_flatten"]),
    ],
)
def test_own_model_with_a_feature_map_gets_the_neck(pixels, neck, layers):
    embedder = build_embedding_model(make_map_model(), neck=neck, **SMALL)
    assert [layer.name for layer in embedder.layers] == [
        "images",
        "scale_pixels",
        "own",
        *layers,
        "neck_dense",
        "neck_dense_bn",
        "embeddings",
    ]
    assert embedder(pixels).shape == (4, 8)


def test_own_model_with_a_vector_gets_the_dense_layer(pixels):
    embedder = build_embedding_model(
        make_vector_model(), batch_norm=False, **SMALL
    )
    kernel, bias = embedder.get_layer("neck_dense").get_weights()
    means = (pixels / 127.5 - 1).mean(axis=(1, 2))
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(embedder(pixels)),
        means @ kernel + bias,
        rtol=1e-4,
        atol=1e-6,
    )


def test_linear_neck_has_no_batch_norm_and_takes_map_or_vector(pixels):
    for own, size in ((make_vector_model(), 3), (make_map_model(), None)):
        embedder = build_embedding_model(own, neck="linear", **SMALL)
        names = [layer.name for layer in embedder.layers]
        assert names[-2:] == ["neck_dense", "embeddings"]
        assert ("neck_flatten" in names) == (size is None)
        kernel, bias = embedder.get_layer("neck_dense").get_weights()
        assert size in (None, len(kernel))
        assert bias.shape == (8,)
        assert embedder(pixels).shape == (4, 8)


def test_own_model_that_scales_pixels_itself_gets_them_as_they_are(pixels):
    embedder = build_embedding_model(
        make_vector_model(), scale_pixels=False, batch_norm=False, **SMALL
    )
    kernel, bias = embedder.get_layer("neck_dense").get_weights()
    means = pixels.mean(axis=(1, 2), dtype="float64")
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(embedder(pixels)),
        means @ kernel + bias,
        rtol=1e-4,
        atol=1e-3,
    )


def test_sequential_model_without_an_input_takes_the_image_size(pixels):
    own = keras.Sequential([keras.layers.Conv2D(4, 3), keras.layers.ReLU()])
    assert build_embedding_model(own, **SMALL)(pixels).shape == (4, 8)


def test_model_of_keras_applications_plugs_in():
    own = keras.applications.MobileNetV2(
        input_shape=(32, 32, 3), alpha=0.35, include_top=False, weights=None
    )
    embedder = build_embedding_model(
        own, embedding_dim=8, image_size=(32, 32), neck="gdconv"
    )
    images = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3))
    assert np.isfinite(
        keras.ops.convert_to_numpy(embedder(images.astype("uint8")))
    ).all()


def test_own_model_must_take_the_image_size():
    with pytest.raises(ValueError, match=r"`backbone`.*\(32, 16, 3\)"):
        build_embedding_model(make_map_model((32, 32, 3)), **SMALL)


def test_own_model_must_return_one_map_or_vector():
    images = keras.Input((32, 16, 3))
    flat = keras.layers.Reshape((32, 48))(images)
    for outputs in (flat, [images, images]):
        own = keras.Model(images, outputs)
        with pytest.raises(ValueError, match="`backbone` must return one"):
            build_embedding_model(own, **SMALL)


def test_vector_has_no_places_for_a_neck():
    with pytest.raises(ValueError, match=r"`neck` must be None.*'gdconv'"):
        build_embedding_model(make_vector_model(), neck="gdconv", **SMALL)


def test_own_model_takes_no_arguments_of_a_named_one():
    with pytest.raises(ValueError, match="width_multiplier"):
        build_embedding_model(make_map_model(), width_multiplier=0.5, **SMALL)
