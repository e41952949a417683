import keras
import numpy as np
import pytest

from keras_sphereface.models.necks import apply_neck

BATCH, HEIGHT, WIDTH, CHANNELS, EMBEDDING_DIM = 4, 3, 2, 5, 6


def make_neck(neck, shape=(HEIGHT, WIDTH, CHANNELS), **kwargs):
    kwargs = {"dropout": 0.0, "batch_norm": False, **kwargs}
    features = keras.Input(shape)
    return keras.Model(
        features, apply_neck(features, EMBEDDING_DIM, neck=neck, **kwargs)
    )


def set_random_weights(model):
    random = np.random.default_rng(0)
    for layer in model.layers:
        layer.set_weights(
            [random.uniform(0.5, 2, w.shape) for w in layer.get_weights()]
        )


@pytest.fixture
def features():
    random = np.random.default_rng(1)
    shape = (BATCH, HEIGHT, WIDTH, CHANNELS)
    return random.normal(size=shape).astype("float32")


def normalize_loop(values, gamma, beta, mean, variance):
    return gamma * (values - mean) / np.sqrt(variance + 1e-5) + beta


@pytest.mark.parametrize("batch_norm", [False, True])
def test_gdconv_weighs_every_place_of_every_channel(features, batch_norm):
    model = make_neck("gdconv", batch_norm=batch_norm)
    set_random_weights(model)
    first = model.get_layer("neck_depthwise").get_weights()
    last = model.get_layer("neck_dense").get_weights()
    vector = np.zeros((BATCH, CHANNELS))
    for row in range(HEIGHT):
        for column in range(WIDTH):
            weight = first[0][row, column, :, 0].astype("float64")
            vector += features[:, row, column] * weight
    if batch_norm:
        assert len(first) == len(last) == 1  # no biases
        vector = normalize_loop(
            vector, *model.get_layer("neck_depthwise_bn").get_weights()
        )
        expected = normalize_loop(
            vector @ last[0], *model.get_layer("neck_dense_bn").get_weights()
        )
    else:
        expected = (vector + first[1]) @ last[0] + last[1]
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(model(features)),
        expected,
        rtol=1e-4,
        atol=1e-4,
    )


def test_flatten_weighs_every_value(features):
    model = make_neck("flatten")
    set_random_weights(model)
    kernel, bias = model.get_layer("neck_dense").get_weights()
    expected = np.zeros((BATCH, EMBEDDING_DIM)) + bias
    kernel = kernel.reshape(HEIGHT, WIDTH, CHANNELS, EMBEDDING_DIM)
    for row in range(HEIGHT):
        for column in range(WIDTH):
            expected += features[:, row, column] @ kernel[row, column]
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(model(features)),
        expected,
        rtol=1e-4,
        atol=1e-4,
    )


def test_average_takes_the_mean_over_places(features):
    model = make_neck("average")
    set_random_weights(model)
    kernel, bias = model.get_layer("neck_dense").get_weights()
    expected = features.mean(axis=(1, 2), dtype="float64") @ kernel + bias
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(model(features)),
        expected,
        rtol=1e-4,
        atol=1e-4,
    )


def test_vector_goes_straight_to_the_dense_layer():
    model = make_neck("average", shape=(CHANNELS,))
    assert [layer.name for layer in model.layers[1:]] == ["neck_dense"]


def test_dropout_stands_before_the_dense_layer():
    model = make_neck("flatten", dropout=0.4)
    names = [layer.name for layer in model.layers[1:]]
    assert names == ["neck_flatten", "neck_dropout", "neck_dense"]
    assert model.get_layer("neck_dropout").rate == 0.4


def test_gdconv_starts_by_keeping_the_variance():
    keras.utils.set_random_seed(0)
    model = make_neck("gdconv", shape=(7, 7, 4000))
    depthwise = model.get_layer("neck_depthwise")
    random = np.random.default_rng(0)
    outputs = depthwise(random.normal(size=(4, 7, 7, 4000)).astype("float32"))
    # 16,000 values of variance 1: off by about 1%.
    np.testing.assert_allclose(
        np.var(keras.ops.convert_to_numpy(outputs)), 1.0, rtol=0.1
    )
