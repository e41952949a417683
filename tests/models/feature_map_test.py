import keras
import numpy as np
import pytest

from keras_sphereface.models import build_embedding_model
from keras_sphereface.models.feature_map import cut_classifier, is_classifier


def make_classifier(activation="softmax", keepdims=False, dense=True):
    images = keras.Input((32, 16, 3))
    x = keras.layers.Conv2D(5, 3, strides=4, name="map")(images)
    x = keras.layers.GlobalAveragePooling2D(keepdims=keepdims)(x)
    if keepdims:
        x = keras.layers.Conv2D(7, 1)(x)
        x = keras.layers.Flatten()(x)
    if dense:
        x = keras.layers.Dense(10)(x)
    x = keras.layers.Activation(activation)(x)
    return keras.Model(images, x, name="own")


@pytest.mark.parametrize("keepdims", [False, True])
def test_classifier_is_cut_after_its_last_map(keepdims):
    model = make_classifier(keepdims=keepdims)
    cut = cut_classifier(model)
    assert cut.name == "own"
    assert cut.layers[-1].name == "map"
    images = np.random.default_rng(0).normal(size=(2, 32, 16, 3))
    images = images.astype("float32")
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(cut(images)),
        keras.ops.convert_to_numpy(model.get_layer("map")(images)),
    )


def test_model_without_a_map_cannot_be_cut():
    images = keras.Input((32, 16, 3))
    x = keras.layers.Dense(4, activation="softmax")(
        keras.layers.Flatten()(images)
    )
    assert cut_classifier(keras.Model(images, x)) is None


def test_classifier_is_known_by_its_probabilities():
    assert is_classifier(make_classifier("softmax"))
    assert is_classifier(make_classifier("sigmoid"))
    assert not is_classifier(make_classifier("linear"))


def names(embedder):
    return [layer.name for layer in embedder.layers[2:]]


def test_embedder_of_a_classifier_has_no_classes():
    embedder = build_embedding_model(
        make_classifier(), embedding_dim=8, image_size=(32, 16)
    )
    assert names(embedder)[:2] == ["own", "neck_average"]
    assert embedder.get_layer("own").layers[-1].name == "map"


def test_a_neck_asks_for_the_map_of_a_vector():
    embedder = build_embedding_model(
        make_classifier("linear"),
        embedding_dim=8,
        image_size=(32, 16),
        neck="gdconv",
    )
    assert names(embedder)[:2] == ["own", "neck_depthwise"]


@pytest.mark.parametrize("include_top", [False, True])
def test_network_of_keras_applications_becomes_an_embedder(include_top):
    network = keras.applications.MobileNet(
        (64, 64, 3), alpha=0.25, weights=None, include_top=include_top
    )
    embedder = build_embedding_model(
        network, embedding_dim=8, image_size=(64, 64), neck="flatten"
    )
    assert embedder.get_layer(network.name).output_shape == (None, 2, 2, 256)
    images = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3))
    assert np.isfinite(
        keras.ops.convert_to_numpy(embedder(images.astype("uint8")))
    ).all()


def test_network_of_keras_hub_becomes_an_embedder():
    keras_hub = pytest.importorskip("keras_hub")
    backbone = keras_hub.models.ResNetBackbone(
        input_conv_filters=[64],
        input_conv_kernel_sizes=[3],
        stackwise_num_filters=[64, 64],
        stackwise_num_blocks=[1, 1],
        stackwise_num_strides=[1, 2],
        block_type="basic_block",
        image_shape=(32, 32, 3),
    )
    embedder = build_embedding_model(
        backbone, embedding_dim=8, image_size=(32, 32), neck="gdconv"
    )
    assert embedder(np.zeros((2, 32, 32, 3), "uint8")).shape == (2, 8)


def test_network_of_keras_cv_becomes_an_embedder():
    keras_cv = pytest.importorskip("keras_cv")
    backbone = keras_cv.models.DenseNetBackbone(
        stackwise_num_repeats=[1, 1],
        growth_rate=4,
        compression_ratio=0.5,
        include_rescaling=False,
        input_shape=(32, 32, 3),
    )
    embedder = build_embedding_model(
        backbone, embedding_dim=8, image_size=(32, 32), neck="gdconv"
    )
    assert embedder(np.zeros((2, 32, 32, 3), "uint8")).shape == (2, 8)
