import keras
import pytest
import tensorflow as tf
from multiply_adds import count_multiply_adds as count_of_keras

from keras_sphereface.edge import count_multiply_adds
from keras_sphereface.edge.tflite_graph import read_operations


@pytest.fixture(scope="module")
def convert(tmp_path_factory):
    def convert(outputs_of, shape=(16, 12, 3), batch=None):
        inputs = keras.Input(shape, batch_size=batch)
        model = keras.Model(inputs, outputs_of(inputs))
        path = tmp_path_factory.mktemp("model") / "model.tflite"
        converter = tf.lite.TFLiteConverter.from_keras_model(model)
        path.write_bytes(converter.convert())
        return model, path

    return convert


def convolutions(images):
    x = keras.layers.Conv2D(8, 3, 2, "same", activation="relu")(images)
    x = keras.layers.DepthwiseConv2D(3, padding="same")(x)
    x = keras.layers.PReLU(shared_axes=[1, 2])(x)
    x = keras.layers.Conv2D(12, 1, use_bias=False)(x)
    return keras.layers.Dense(5)(keras.layers.Flatten()(x))


@pytest.mark.parametrize("batch", [None, 1, 2])
def test_counts_as_a_count_over_the_layers(convert, batch):
    model, path = convert(convolutions, batch=batch)
    assert count_multiply_adds(path) == count_of_keras(model)
    batch_size, _ = read_operations(path.read_bytes())
    assert batch_size == (batch or 1)


def test_a_small_network_by_hand(convert):
    def outputs_of(images):
        x = keras.layers.Conv2DTranspose(2, 3, 1, "same")(images)
        return keras.layers.Conv2D(4, 2)(x)

    _, path = convert(outputs_of, shape=(5, 4, 3))
    # 5 * 4 * 3 inputs, each into 3 * 3 * 2 outputs; then 4 * 3 * 4 outputs,
    # each of 2 * 2 * 2 inputs.
    assert count_multiply_adds(path) == 60 * 18 + 48 * 8


def test_products_that_are_not_counted_are_an_error(convert):
    def outputs_of(images):
        return keras.ops.matmul(images, keras.ops.swapaxes(images, 2, 3))

    _, path = convert(outputs_of, batch=1)
    with pytest.raises(ValueError, match=r"not counted.*operator 126 in path"):
        count_multiply_adds(path)
