import keras
import numpy as np
import pytest
from gradients import value_and_gradients
from keras import ops

from keras_sphereface.layers import FusedBatchNormalization


def make_layers(**kwargs):
    """Keras's layer and ours, with the same random scale and offset."""
    layers = (
        keras.layers.BatchNormalization(**kwargs),
        FusedBatchNormalization(**kwargs),
    )
    for layer in layers:
        layer.build((None, 5, 4, 3))
        random = np.random.default_rng(1)
        for weight in layer.trainable_weights:
            weight.assign(random.uniform(0.5, 1.5, weight.shape))
    return layers


@pytest.fixture
def features():
    random = np.random.default_rng(0)
    return random.normal(2, 3, (6, 5, 4, 3)).astype("float32")


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"momentum": 0.9, "epsilon": 1e-5},
        {"scale": False},
        {"center": False},
        {"synchronized": False, "axis": 3},
    ],
)
def test_trains_as_keras_does(features, settings):
    results = []
    for layer in make_layers(**settings):
        variable = keras.Variable(features)

        def loss(layer=layer, variable=variable):
            outputs = layer(ops.convert_to_tensor(variable), training=True)
            # Uneven weights, since a sum would have no gradient.
            return ops.sum(
                ops.square(outputs) * ops.convert_to_tensor(features)
            )

        value, gradients = value_and_gradients(
            loss, [variable, *layer.trainable_weights]
        )
        results.append([value, *gradients])
        if keras.backend.backend() != "jax":
            results[-1] += [
                ops.convert_to_numpy(w) for w in layer.non_trainable_weights
            ]
    for expected, actual in zip(*results, strict=True):
        scale = np.abs(expected).max()
        np.testing.assert_allclose(actual, expected, atol=1e-5 * scale)


def test_moving_statistics_equal_those_of_a_float64_loop(features):
    _, layer = make_layers(momentum=0.75)
    layer(features, training=True)
    for channel in range(3):
        values = features[..., channel].astype("float64").ravel()
        mean = sum(values) / len(values)
        variance = sum((v - mean) ** 2 for v in values) / len(values)
        np.testing.assert_allclose(
            ops.convert_to_numpy(layer.moving_mean)[channel],
            0.25 * mean,
            rtol=1e-5,
        )
        np.testing.assert_allclose(
            ops.convert_to_numpy(layer.moving_variance)[channel],
            0.75 + 0.25 * variance,
            rtol=1e-5,
        )


def test_infers_as_keras_does(features):
    keras_layer, layer = make_layers()
    expected = ops.convert_to_numpy(keras_layer(features, training=False))
    np.testing.assert_array_equal(
        ops.convert_to_numpy(layer(features, training=False)), expected
    )


def test_a_frozen_layer_keeps_its_statistics(features):
    _, layer = make_layers()
    layer.trainable = False
    layer(features, training=True)
    np.testing.assert_array_equal(ops.convert_to_numpy(layer.moving_mean), 0)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_trains_in_half_precision(features, policy):
    layer = FusedBatchNormalization(dtype=policy)
    outputs = layer(features, training=True)
    dtype = keras.backend.standardize_dtype(outputs.dtype)
    assert dtype == policy.removeprefix("mixed_")
    expected = (features - features.mean((0, 1, 2))) / features.std((0, 1, 2))
    outputs = ops.convert_to_numpy(ops.cast(outputs, "float32"))
    np.testing.assert_allclose(outputs, expected, atol=0.03)


def test_vectors_and_masks_go_to_keras():
    layer = FusedBatchNormalization()
    vectors = np.random.default_rng(0).normal(3, 2, (16, 4)).astype("float32")
    outputs = ops.convert_to_numpy(layer(vectors, training=True))
    np.testing.assert_allclose(outputs.mean(0), 0, atol=1e-5)


def test_saves_and_loads_inside_a_model(features, tmp_path):
    model = keras.Sequential(
        [keras.Input((5, 4, 3)), FusedBatchNormalization(epsilon=1e-5)]
    )
    model(features, training=True)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert isinstance(loaded.layers[0], FusedBatchNormalization)
    np.testing.assert_array_equal(
        ops.convert_to_numpy(loaded(features)),
        ops.convert_to_numpy(model(features)),
    )
