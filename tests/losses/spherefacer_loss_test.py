import keras
import numpy as np
import oracles
import pytest
from gradients import value_and_gradients
from keras import ops

from keras_sphereface.layers import CosineDense
from keras_sphereface.losses import SphereFaceRLoss

LABELS = np.array([0, 1, 2, 9, 4, 4, 7, 0], "int32")


@pytest.fixture
def batch():
    """Eight samples, the first two exactly on and opposite their center."""
    random = np.random.default_rng(0)
    centers = random.normal(size=(16, 10)).astype("float32")
    embeddings = 3 * random.normal(size=(8, 16)).astype("float32")
    embeddings[0] = 2 * centers[:, 0]
    embeddings[1] = -3 * centers[:, 1]
    return embeddings, centers


@pytest.mark.parametrize("detach", [True, False])
@pytest.mark.parametrize("variant", ["v0", "v1", "v2"])
@pytest.mark.parametrize("one_hot", [True, False])
def test_equals_a_float64_loop(batch, variant, detach, one_hot):
    embeddings, centers = batch
    settings = {"margin": 1.4, "scale": 12.0, "loss_weight": 5.0}
    settings |= {"variant": variant, "detach": detach}
    _, losses, d_embeddings, d_centers = oracles.spherefacer(
        embeddings, centers, LABELS, normalization="hard", **settings
    )
    layer = CosineDense(10)
    layer.build((None, 16))
    layer.centers.assign(centers)
    variable = keras.Variable(embeddings)
    loss = SphereFaceRLoss(**settings)
    y_true = np.eye(10, dtype="float32")[LABELS] if one_hot else LABELS
    value, gradients = value_and_gradients(
        lambda: loss(y_true, layer(ops.convert_to_tensor(variable))),
        [variable, layer.centers],
    )
    assert value == pytest.approx(losses.mean(), rel=1e-5)
    for actual, expected in zip(
        gradients, (d_embeddings, d_centers), strict=True
    ):
        atol = 1e-5 * np.abs(expected).max()
        np.testing.assert_allclose(actual, expected, rtol=0, atol=atol)


@pytest.mark.parametrize("one_hot", [True, False])
def test_one_line_trains_a_model_that_saves_and_loads(tmp_path, one_hot):
    keras.utils.set_random_seed(0)
    random = np.random.default_rng(0)
    y = random.integers(0, 6, 32).astype("int32")
    x = random.normal(size=(6, 12))[y] + 0.1 * random.normal(size=(32, 12))
    y = np.eye(6, dtype="float32")[y] if one_hot else y
    inputs = keras.Input((12,))
    cosines = CosineDense(6)(keras.layers.Dense(8)(inputs))
    model = keras.Model(inputs, cosines)
    model.compile(
        keras.optimizers.SGD(0.1),
        loss=SphereFaceRLoss(margin=1.2, scale=16.0),
        metrics=["accuracy"],
    )
    history = model.fit(x, y, epochs=6, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    assert history["accuracy"][-1] > history["accuracy"][0]
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.evaluate(x, y, verbose=0) == model.evaluate(x, y, verbose=0)


def test_samples_and_classes_are_weighted_as_keras_does(batch):
    cosines = np.random.default_rng(1).uniform(-1, 1, (8, 10))
    loss = SphereFaceRLoss()
    weights = np.float32([1, 0, 0, 2, 0, 0, 0, 0])
    alone = [float(loss(LABELS[[i]], cosines[[i]])) for i in (0, 3)]
    assert float(loss(LABELS, cosines, weights)) == pytest.approx(
        (alone[0] + 2 * alone[1]) / 8, rel=1e-5
    )


def test_config_round_trip_keeps_every_argument():
    settings = {
        "variant": "v0",
        "margin": 1.9,
        "scale": 25.0,
        "detach": False,
        "loss_weight": 3.0,
        "reduction": "sum",
        "name": "loss",
    }
    loss = SphereFaceRLoss(**settings)
    rebuilt = keras.losses.deserialize(keras.losses.serialize(loss))
    assert isinstance(rebuilt, SphereFaceRLoss)
    config = rebuilt.get_config()
    assert {key: config[key] for key in settings} == settings


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"variant": "v3"}, r"`variant`.*v0.*v1.*v2.*variant='v3'"),
        ({"margin": 0.9}, r"`margin`.*at least 1.*margin=0\.9"),
        ({"scale": 0.0}, r"`scale`.*above 0.*scale=0"),
        ({"loss_weight": -1.0}, r"`loss_weight`.*loss_weight=-1"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        SphereFaceRLoss(**arguments)


def test_predictions_that_are_no_rows_are_named():
    with pytest.raises(ValueError, match=r"`y_pred` must be cosines.*\(4,\)"):
        SphereFaceRLoss()(np.zeros(4), np.zeros(4))
