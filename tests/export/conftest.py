import keras
import numpy as np
import pytest


@pytest.fixture(scope="session")
def make_embedder():
    """A small network with the operations of the real ones."""

    def make(embedding_dim=32, size=(112, 112), seed=0):
        keras.utils.set_random_seed(seed)
        images = keras.Input((*size, 3), name="images")
        x = keras.layers.Rescaling(1 / 127.5, offset=-1.0)(images)
        for filters, strides in ((16, 4), (32, 4)):
            x = keras.layers.Conv2D(filters, 3, strides, "same")(x)
            x = keras.layers.BatchNormalization()(x)
            x = keras.layers.PReLU(shared_axes=[1, 2])(x)
        x = keras.layers.DepthwiseConv2D(6, use_bias=False)(x)
        x = keras.layers.Flatten()(x)
        x = keras.layers.Dense(embedding_dim, use_bias=False)(x)
        return keras.Model(images, x, name="embedder")

    return make


@pytest.fixture(scope="session")
def embedder(make_embedder):
    return make_embedder()


@pytest.fixture(scope="session")
def faces():
    """Twenty-four images of coarse patches, uint8."""
    patches = np.random.default_rng(5).integers(0, 256, (24, 14, 14, 3))
    return np.uint8(patches.repeat(8, axis=1).repeat(8, axis=2))


@pytest.fixture(scope="session")
def unit():
    """Rows divided by their norm, in float64."""

    def divide(embeddings):
        embeddings = np.asarray(embeddings, dtype=np.float64)
        return np.stack([row / np.sqrt(sum(row**2)) for row in embeddings])

    return divide
