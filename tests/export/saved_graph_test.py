import numpy as np
import pytest
import tensorflow as tf

from keras_sphereface.export import is_foreign, open_embedder
from keras_sphereface.export.saved_graph import SavedGraph


class MeanColor(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([None, 3, 4, 6], tf.float32)])
    def first(self, pixels):
        return {"features": tf.reduce_mean(pixels, [2, 3])}

    @tf.function(input_signature=[tf.TensorSpec([1], tf.float32, name="a")] * 2)
    def sums(self, a, b):
        return {"sum": a + b}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved")
    model = MeanColor()
    for name in ("first", "sums"):
        tf.saved_model.save(
            model, str(folder / name), signatures=getattr(model, name)
        )
    return folder


def test_channels_first_are_embedded_as_stated(folder):
    images = np.random.default_rng(0).integers(0, 256, (3, 4, 6, 3), np.uint8)
    assert is_foreign(folder / "first")
    embed = open_embedder(
        folder / "first", color_order="BGR", pixel_mean=100, pixel_scale=2
    )
    mean = (images.mean((1, 2))[:, ::-1] - 100) / 2
    np.testing.assert_allclose(embed(images), mean, rtol=1e-5)
    assert embed.size == (4, 6)
    assert "NCHW (by its shape), BGR (stated)" in embed.notes[0]


def test_other_signatures_are_named(folder):
    with pytest.raises(ValueError, match=r"one input and one output.*'a'"):
        SavedGraph(folder / "sums")
