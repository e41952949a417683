import keras
import numpy as np
import pytest
from gradients import value_and_gradients
from keras import ops

from keras_sphereface.layers import FusedPReLU

SHAPE = (6, 5, 4, 3)


@pytest.fixture
def features():
    return np.random.default_rng(0).normal(size=SHAPE).astype("float32")


def make_layer(cls=FusedPReLU, **kwargs):
    layer = cls(**{"shared_axes": [1, 2], **kwargs})
    layer.build(SHAPE)
    random = np.random.default_rng(1)
    layer.alpha.assign(random.uniform(-0.5, 1.5, layer.alpha.shape))
    return layer


@pytest.mark.parametrize("shared_axes", [[1, 2], [1], None])
def test_value_and_gradients_are_those_of_a_float64_loop(features, shared_axes):
    layer = make_layer(shared_axes=shared_axes)
    slopes = ops.convert_to_numpy(layer.alpha).astype("float64")
    weights = np.random.default_rng(2).normal(size=SHAPE)
    value, to_inputs, to_slopes = 0.0, np.zeros(SHAPE), np.zeros(slopes.shape)
    for index in np.ndindex(SHAPE):
        x, weight = float(features[index]), weights[index]
        place = tuple(
            position % size
            for position, size in zip(index[1:], slopes.shape, strict=True)
        )
        slope = 1.0 if x > 0 else slopes[place]
        value += weight * slope * x
        to_inputs[index] = weight * slope
        to_slopes[place] += 0.0 if x > 0 else weight * x
    variable = keras.Variable(features)

    def loss():
        outputs = layer(ops.multiply(variable, 1.0), training=True)
        return ops.sum(outputs * ops.convert_to_tensor(weights, "float32"))

    actual, gradients = value_and_gradients(loss, [variable, layer.alpha])
    for expected, result in zip(
        (value, to_inputs, to_slopes), (actual, *gradients), strict=True
    ):
        np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("training", [False, True])
def test_outputs_are_those_of_keras(features, training):
    np.testing.assert_allclose(
        ops.convert_to_numpy(make_layer()(features, training=training)),
        ops.convert_to_numpy(make_layer(keras.layers.PReLU)(features)),
        rtol=1e-6,
    )


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="Keras's own layer there"
)
def test_slopes_of_many_values_do_not_overflow_float16():
    # 65,536 products of -1 with a gradient of 2: their sum is twice what
    # float16 can hold, their mean is not.
    layer = FusedPReLU(shared_axes=[1, 2], dtype="mixed_float16")
    inputs = -np.ones((4, 128, 128, 1), "float16")
    layer.build(inputs.shape)

    def loss():
        outputs = layer(inputs, training=True)
        return ops.sum(ops.cast(outputs, "float32")) / 16

    _, (gradient,) = value_and_gradients(loss, [layer.alpha])
    np.testing.assert_allclose(np.ravel(gradient), [-65536 / 16], rtol=1e-3)


def test_saves_and_loads_inside_a_model(features, tmp_path):
    model = keras.Sequential(
        [keras.Input(SHAPE[1:]), FusedPReLU(shared_axes=[1, 2])]
    )
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert isinstance(loaded.layers[0], FusedPReLU)
    np.testing.assert_array_equal(
        ops.convert_to_numpy(loaded(features)),
        ops.convert_to_numpy(model(features)),
    )
