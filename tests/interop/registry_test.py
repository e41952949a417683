"""A family of networks of a user's own."""

import keras
import numpy as np
import pytest

import keras_sphereface as ks
from keras_sphereface.interop import Family, NetworkPlan, Pair


def users_net(input_shape):
    images = keras.Input(input_shape)
    x = keras.layers.Conv2D(4, 3, strides=16, padding="same", name="stem")(
        images
    )
    return keras.Model(images, x, name="users_net")


USERS_NET = Family(
    name="users_net",
    signature=("patches.weight", "to_embedding.weight"),
    pairs=lambda _: [
        Pair("stem", "patches", "conv"),
        Pair("neck_dense", "to_embedding", "dense"),
    ],
    plan=lambda state: NetworkPlan(
        build=users_net,
        embedding_dim=len(state["to_embedding.weight"]),
        neck="average",
        batch_norm=False,
        map_places=None,
    ),
)


@pytest.fixture
def path(tmp_path):
    random = np.random.default_rng(0)
    shapes = {
        "patches.weight": (4, 3, 3, 3),
        "patches.bias": (4,),
        "to_embedding.weight": (5, 4),
        "to_embedding.bias": (5,),
    }
    path = tmp_path / "network.npz"
    state = {
        f"model.{name}": random.normal(size=shape).astype("float32")
        for name, shape in shapes.items()
    }
    np.savez(path, **state)
    return path


@pytest.fixture(autouse=True)
def _registry_of_one_test(monkeypatch):
    registry = ks.interop.registry._FAMILIES
    monkeypatch.setattr(registry, "_things", dict(registry._things))


def check(embedder, path):
    dense = embedder.get_layer("neck_dense").kernel
    expected = np.load(path)["model.to_embedding.weight"].T
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(dense), expected)


def test_a_registered_family_is_found_by_the_names_in_a_file(path):
    with pytest.raises(ks.interop.WeightsMismatchError, match="known family"):
        ks.interop.import_embedder(path)
    assert ks.interop.register(USERS_NET) is USERS_NET
    assert "users_net" in ks.interop.family_names()
    embedder, report = ks.interop.import_embedder(path, image_size=(32, 32))
    assert report.family == "users_net"
    check(embedder, path)


def test_a_family_of_any_module_goes_by_its_path(path):
    family = f"{__name__}:USERS_NET"
    embedder, _ = ks.interop.import_embedder(
        path, family=family, image_size=(32, 32)
    )
    check(embedder, path)
    for variable in embedder.weights:
        variable.assign(keras.ops.zeros(variable.shape))
    ks.interop.load_weights(embedder, path, family=family)
    check(embedder, path)


def test_what_is_no_family_is_refused():
    with pytest.raises(ValueError, match=r"`name` must be a string"):
        ks.interop.register("users_net")
    with pytest.raises(ValueError, match=r"another family.*'adaface'"):
        ks.interop.register(
            Family("adaface", ("a",), lambda _: [], lambda _: None)
        )
