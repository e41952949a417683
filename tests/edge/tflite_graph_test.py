import struct
import time

import flatbuffers
import keras
import numpy as np
import pytest
import tensorflow as tf
from multiply_adds import count_multiply_adds as count_of_keras

from keras_sphereface.edge import ModelFileError, count_multiply_adds
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
    with pytest.raises(ModelFileError, match=r"not counted.*126.*path="):
        count_multiply_adds(path)


def test_damage_is_one_error_that_names_the_file(convert, tmp_path):
    _, path = convert(convolutions, batch=1)
    content, expected = path.read_bytes(), count_multiply_adds(path)
    generator = np.random.default_rng(0)
    damaged_path = tmp_path / "damaged.tflite"
    counts, messages = [], []
    for number in range(400):
        damaged = bytearray(content)
        # Tables lie at both ends; whole offsets as well as bits.
        byte = int(generator.choice([0, len(content) - 1200]))
        byte += int(generator.integers(1190))
        if number % 4 == 0:
            del damaged[byte:]
        elif number % 4 == 1:
            damaged[byte : byte + 4] = struct.pack("<i", -(2**31))
        else:
            damaged[byte] ^= 1 << generator.integers(8)
        damaged_path.write_bytes(damaged)
        try:
            counts.append(count_multiply_adds(damaged_path))
        except ModelFileError as error:
            messages.append(str(error))
    assert all("damaged.tflite" in message for message in messages)
    assert all(count >= 0 for count in counts)
    assert expected in counts  # what does not matter to the count
    assert 20 < len(counts) < 380


def test_vectors_that_share_their_place_are_not_read_again_and_again(tmp_path):
    # Each of many tensors has the same shape of very many sizes.
    builder = flatbuffers.Builder(0)
    count = 60_000
    builder.StartVector(4, count, 4)
    for _ in range(count):
        builder.PrependInt32(1)
    shape = builder.EndVector()
    tables = []
    for _ in range(2000):
        builder.StartObject(1)
        builder.PrependUOffsetTRelativeSlot(0, shape, 0)
        tables.append(builder.EndObject())

    def vector(items):
        builder.StartVector(4, len(items), 4)
        for item in items:
            builder.PrependUOffsetTRelative(item)
        return builder.EndVector()

    tensors = vector(tables)
    builder.StartObject(4)
    builder.PrependUOffsetTRelativeSlot(0, tensors, 0)
    graphs = vector([builder.EndObject()])
    builder.StartObject(3)
    builder.PrependUOffsetTRelativeSlot(2, graphs, 0)
    builder.Finish(builder.EndObject(), file_identifier=b"TFL3")
    path = tmp_path / "shared.tflite"
    path.write_bytes(bytes(builder.Output()))
    start = time.perf_counter()
    with pytest.raises(ModelFileError, match=r"more than 8 numbers.*shared"):
        count_multiply_adds(path)
    assert time.perf_counter() - start < 1
