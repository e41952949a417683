"""Pixels that networks were trained on, in any order, mean and scale."""

import types

import numpy as np
import pytest
from public_states import mobilefacenet_state

import keras_sphereface as ks
from keras_sphereface.interop.pixels import Pixels, check_pixels

# In the order BGR, as OpenCV's users write them.
MEAN, SCALE = (103.53, 116.28, 123.675), (57.375, 57.12, 58.395)


def test_what_is_not_said_is_the_familys():
    family = types.SimpleNamespace(
        color_order="BGR", pixel_mean=127.5, pixel_scale=128.0
    )
    assert Pixels.of(family, None, None, None) == ("BGR", 127.5, 128.0)
    assert Pixels.of(family, "RGB", [1, 2, 3], 4) == ("RGB", (1, 2, 3), 4)


@pytest.mark.parametrize("axis", [1, 2])
def test_the_kernel_is_scaled_and_turned(axis):
    kernel = np.ones((3, 3, 3, 3), "float32")
    turned = Pixels("BGR", 127.5, SCALE).kernel_of_ours(kernel, axis)
    expected = 127.5 / np.array(SCALE[::-1])  # red first
    np.testing.assert_allclose(
        np.moveaxis(turned, axis, 0)[:, 0, 0, 0], expected, rtol=1e-6
    )


@pytest.mark.parametrize(
    "arguments",
    [
        {"mean": (1, 2)},
        {"mean": 300},
        {"mean": -1},
        {"scale": 0},
        {"scale": (1, 2, 0)},
        {"scale": float("nan")},
        {"mean": "gray"},
    ],
)
def test_what_describes_no_pixels_is_refused(arguments):
    name = f"pixel_{next(iter(arguments))}"
    with pytest.raises(ValueError, match=rf"`{name}` must"):
        check_pixels(None, *[arguments.get(k) for k in ("mean", "scale")])


def test_means_and_scales_per_channel_give_the_same_embeddings(tmp_path):
    build = ks.build_embedding_model
    usual = build("mobilefacenet", embedding_dim=8, image_size=(32, 32))
    path = tmp_path / "network.npz"
    np.savez(path, **mobilefacenet_state(usual))
    ks.interop.load_weights(usual, path, color_order="RGB", pixel_scale=127.5)
    embedder, report = ks.interop.import_embedder(
        path, color_order="BGR", pixel_mean=MEAN, pixel_scale=SCALE
    )
    assert (
        "BGR pixels, (pixel - (103.53, 116.28, 123.675)) / (57.375, 57.12, "
        "58.395)"
    ) in str(report)
    pixels = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), "uint8")
    values = (pixels[..., ::-1].astype("float64") - MEAN) / SCALE
    # What the usual one, given these pixels, makes the same values of.
    same = (127.5 * values + 127.5).astype("float32")
    expected = usual.predict(same, verbose=0)
    found = embedder.predict(pixels, verbose=0)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)
    # One that is built takes weights of its own mean alone.
    with pytest.raises(ValueError, match="`pixel_mean` must be what `embed"):
        ks.interop.load_weights(usual, path, pixel_mean=MEAN)
    ks.interop.load_weights(
        embedder, path, color_order="BGR", pixel_mean=MEAN, pixel_scale=SCALE
    )
