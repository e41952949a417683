"""Weights of a file, found and turned into the layout of Keras."""

import keras
import numpy as np
import pytest
from public_states import mobilefacenet_state

import keras_sphereface as ks
from keras_sphereface.interop import load_weights
from keras_sphereface.interop.families import FoundNetwork
from keras_sphereface.interop.family import Family, Pair
from keras_sphereface.interop.matching import match_weights
from keras_sphereface.interop.pixels import Pixels

PAIRS = [
    Pair("stem", "conv", "conv"),
    Pair("stem_bn", "bn", "bn"),
    Pair("act", "prelu", "prelu"),
    Pair("depthwise", "dw", "conv"),
    Pair("dense", "fc", "linear"),
]


def make_embedder():
    """A network of one layer of each kind, 4x5 pixels to 6 numbers."""
    layers = keras.layers
    inputs = keras.Input((4, 5, 3))
    x = layers.Conv2D(2, (2, 3), padding="same", name="stem")(inputs)
    x = layers.BatchNormalization(name="stem_bn")(x)
    x = layers.PReLU(shared_axes=[1, 2], name="act")(x)
    x = layers.DepthwiseConv2D((3, 1), use_bias=False, name="depthwise")(x)
    x = layers.Flatten()(x)
    x = layers.Dropout(0.5)(x)
    return keras.Model(inputs, layers.Dense(6, name="dense")(x))


def make_state():
    random = np.random.default_rng(0)
    shapes = {
        "conv.weight": (2, 3, 2, 3),
        "conv.bias": (2,),
        "bn.weight": (2,),
        "bn.bias": (2,),
        "bn.running_mean": (2,),
        "bn.running_var": (2,),
        "prelu.weight": (2,),
        "dw.weight": (2, 1, 3, 1),
        "fc.weight": (6, 20),
        "fc.bias": (6,),
    }
    return {
        name: random.uniform(0.1, 1, shape).astype("float32")
        for name, shape in shapes.items()
    }


def match(embedder, state, pairs=PAIRS, pixels=None):
    family = Family("small", (), lambda _: pairs, None)
    network = FoundNetwork(family, "", state)
    return match_weights(embedder, network, pixels)


def loop(image, state):
    """The network on one image of RGB pixels, as PyTorch lays it out."""
    image = (image.astype("float64") - 127.5) / 127.5
    height, width, _ = image.shape
    maps = np.zeros((2, height, width))
    for c in range(2):
        for y in range(height):
            for x in range(width):
                total = float(state["conv.bias"][c])
                for i in range(2):
                    for j in range(3):
                        row, column = y + i, x + j - 1
                        if row < height and 0 <= column < width:
                            for k in range(3):
                                weight = state["conv.weight"][c, k, i, j]
                                total += weight * image[row, column, k]
                scale = state["bn.weight"][c] / np.sqrt(
                    state["bn.running_var"][c] + 1e-3
                )
                total = (total - state["bn.running_mean"][c]) * scale
                total += state["bn.bias"][c]
                slope = 1.0 if total > 0 else state["prelu.weight"][c]
                maps[c, y, x] = slope * total
    numbers = []
    for c in range(2):
        for y in range(height - 2):
            for x in range(width):
                numbers.append(
                    sum(
                        state["dw.weight"][c, 0, i, 0] * maps[c, y + i, x]
                        for i in range(3)
                    )
                )
    return [
        float(state["fc.bias"][j])
        + sum(
            w * v for w, v in zip(state["fc.weight"][j], numbers, strict=True)
        )
        for j in range(6)
    ]


def test_every_kind_of_layer_computes_what_it_did():
    embedder, state = make_embedder(), make_state()
    report, values = match(embedder, state)
    assert report.mismatches == []
    assert report.matched == len(values) == len(state)
    for variable, value in values:
        variable.assign(value)
    image = np.random.default_rng(1).uniform(0, 255, (4, 5, 3))
    scaled = ((image - 127.5) / 127.5).astype("float32")
    found = embedder.predict(scaled[None], verbose=0)[0]
    np.testing.assert_allclose(found, loop(image, state), rtol=1e-4, atol=1e-5)


def test_the_first_kernel_is_turned_to_our_pixels_and_the_state_kept():
    embedder, state = make_embedder(), make_state()
    kept = {name: array.copy() for name, array in state.items()}
    _, plain = match(embedder, state)
    pixels = Pixels("BGR", 127.5, 255.0)
    report, turned = match(embedder, state, pixels=pixels)
    assert (report.color_order, report.pixel_scale) == ("BGR", 255.0)
    for (variable, own), (_, other) in zip(turned, plain, strict=True):
        if variable is embedder.get_layer("stem").kernel:
            np.testing.assert_allclose(own, other[:, :, ::-1] / 2, rtol=1e-6)
        else:
            np.testing.assert_array_equal(own, other)
    for name, array in kept.items():
        np.testing.assert_array_equal(state[name], array)


@pytest.mark.parametrize(
    ("name", "shape", "status"),
    [
        ("conv.weight", (2, 3, 3, 2), "shape"),
        ("conv.weight", (36,), "shape"),
        ("conv.weight", (2, 3, 6), "shape"),
        ("bn.weight", (3,), "shape"),
        ("bn.weight", (2, 1), "shape"),
        ("prelu.weight", (1,), "shape"),
        ("dw.weight", (1, 2, 3, 1), "shape"),
        ("fc.weight", (6, 21), "shape"),
        ("fc.weight", (20, 6), "shape"),
        ("fc.bias", (), "shape"),
    ],
)
def test_arrays_of_another_shape_are_rows_of_the_report(name, shape, status):
    embedder, state = make_embedder(), make_state()
    state[name] = np.zeros(shape, "float32")
    report, values = match(embedder, state)
    assert [(row.source, row.status) for row in report.mismatches] == [
        (name, status)
    ]
    assert len(values) == len(state) - 1


def test_layers_and_weights_on_one_side_only_are_rows_too():
    embedder, state = make_embedder(), make_state()
    del state["conv.bias"]
    state["more.weight"] = np.zeros(3, "float32")
    state["head.weight"] = np.zeros(3, "float32")  # centers have their place
    pairs = [pair for pair in PAIRS if pair.layer != "act"]
    report, _ = match(embedder, state, [*pairs, Pair("none", "no", "conv")])
    rows = {(r.weight, r.source, r.status) for r in report.mismatches}
    assert rows == {
        ("stem/bias", "conv.bias", "missing"),
        ("act/alpha", "", "missing"),
        ("", "prelu.weight", "unexpected"),
        ("", "more.weight", "unexpected"),
    }


def test_a_neck_that_flattens_nothing_is_reported(tmp_path):
    # As many numbers in the last layer as the file's, behind an average.
    build = ks.build_embedding_model
    state = mobilefacenet_state(
        build("mobilefacenet", embedding_dim=8, image_size=(16, 16))
    )
    other = build(
        "mobilefacenet",
        embedding_dim=8,
        image_size=(16, 16),
        neck="average",
    )
    path = tmp_path / "network.npz"
    np.savez(path, **state)
    with pytest.raises(ks.interop.WeightsMismatchError) as error:
        load_weights(other, path)
    statuses = {row.weight: row.status for row in error.value.report.rows}
    assert statuses["neck_dense/kernel"] == "matched"
    assert set(statuses.values()) == {"matched", "unexpected"}
