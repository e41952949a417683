"""Files that Keras writes, by the names of their layers."""

import io
import json
import zipfile

import h5py
import keras
import keras_insightface as public
import numpy as np
import pytest

from keras_sphereface.interop import WeightsFileError, read_state


@pytest.fixture(scope="module")
def model():
    layers = keras.layers
    inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, 2, activation="relu", name="first")(inputs)
    x = layers.BatchNormalization(scale=False, name="norm")(x)
    x = layers.PReLU(shared_axes=[1, 2], name="slope")(x)
    inner_inputs = keras.Input(x.shape[1:])
    y = layers.DepthwiseConv2D(3, use_bias=False, name="deep")(inner_inputs)
    y = layers.Conv2D(2, 1, use_bias=False, name="second")(y)
    x = keras.Model(inner_inputs, y, name="inner")(x)
    x = layers.UpSampling2D(name="larger")(x)
    x = layers.Activation("hard_sigmoid", name="gate")(x)
    return keras.Model(inputs, layers.Dense(5, name="dense")(x))


def expected(model):
    inner = model.get_layer("inner")
    return {
        f"{layer.name}.{weight.name}": np.asarray(weight)
        for layer in [*model.layers, *inner.layers]
        if layer is not inner
        for weight in layer.weights
    }


def check(state, model):
    weights = expected(model)
    assert len(weights) == 10
    for name, array in weights.items():
        np.testing.assert_array_equal(state.pop(name), array)
    assert state.pop("norm.epsilon") == np.float32(1e-3)
    assert state.pop("first.strides").tolist() == [2, 2]
    # What a layer does, where it is not nothing.
    gate = "gate.hard_sigmoid_of_keras_3"  # not as steep as that of Keras 2
    assert {*state} == {"first.relu", "larger.UpSampling2D", gate}
    assert all(array.size == 0 for array in state.values())


def test_a_keras_file_gives_weights_and_what_layers_do(model, tmp_path):
    model.save(tmp_path / "model.keras")
    check(read_state(tmp_path / "model.keras"), model)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_an_h5_file_of_keras_3_gives_them_too(model, tmp_path):
    model.save(tmp_path / "model.h5")
    check(read_state(tmp_path / "model.h5"), model)


def test_an_h5_file_of_keras_2_gives_them_too(model, tmp_path):
    network = public.resnet((1, 1, 1, 1), dim=4)
    public.save_as_keras_2(network, tmp_path / "model.h5")
    state = read_state(tmp_path / "model.h5")
    for layer in network.layers:
        for weight in layer.weights:
            name = f"{layer.name}.{weight.name}"
            np.testing.assert_array_equal(state[name], np.asarray(weight))


def test_weights_alone_are_read_as_they_are(tmp_path):
    with h5py.File(tmp_path / "weights.h5", "w") as file:
        file["conv/conv/kernel:0"] = np.ones((1, 1, 2, 3), "float32")
    state = read_state(tmp_path / "weights.h5")
    assert {name: array.shape for name, array in state.items()} == {
        "conv.kernel": (1, 1, 2, 3)
    }


def write_zip(path, entries, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)


def test_zip_files_that_keras_does_not_write_are_refused(tmp_path):
    path = tmp_path / "model.keras"
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        file["layers/conv2d/vars/0"] = np.ones(3)
    whole = {
        "config.json": json.dumps({"config": {"layers": []}}),
        "metadata.json": "{}",
        "model.weights.h5": stream.getvalue(),
    }
    write_zip(path, whole)
    assert list(read_state(path)) == ["layers.conv2d.vars.0"]
    for name in whole:
        write_zip(path, {k: v for k, v in whole.items() if k != name})
        with pytest.raises(WeightsFileError, match=f"no {name}"):
            read_state(path)
    write_zip(path, whole, zipfile.ZIP_DEFLATED)
    with pytest.raises(WeightsFileError, match="compressed"):
        read_state(path)
    write_zip(path, {**whole, "config.json": "[" * 200_000})
    with pytest.raises(WeightsFileError, match="damaged"):
        read_state(path)


def test_two_weights_of_one_name_are_refused(tmp_path):
    with h5py.File(tmp_path / "weights.h5", "w") as file:
        file["a/conv/kernel:0"] = np.ones(1)
        file["b/conv/kernel:0"] = np.ones(1)
    with pytest.raises(WeightsFileError, match=r"called conv\.kernel"):
        read_state(tmp_path / "weights.h5")
