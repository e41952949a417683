"""Losses without centers, held to one list."""

import keras
import numpy as np
import pair_oracles
import pytest
from gradients import value_and_gradients
from keras import ops

from keras_sphereface import losses

SIMPLE = {
    "angle_bias": 0.3,
    "positive_weight": 0.2,
    "temperature": 2.0,
    "margin": 0.5,
    "loss_weight": 10.0,
    "bias": -1.0,
}
# Class, oracle, hyperparameters.
CASES = {
    **{
        f"semi_hard {metric}": (
            losses.TripletSemiHardLoss,
            pair_oracles.triplet_semi_hard,
            {"margin": 0.7, "distance_metric": metric},
        )
        for metric in ("L2", "squared-L2", "angular")
    },
    **{
        f"hard {metric} soft={soft}": (
            losses.TripletHardLoss,
            pair_oracles.triplet_hard,
            {"margin": 0.7, "soft": soft, "distance_metric": metric},
        )
        for metric in ("L2", "squared-L2", "angular")
        for soft in (False, True)
    },
    "npairs": (losses.NpairsLoss, pair_oracles.npairs, {}),
    "supervised_contrastive": (
        losses.SupervisedContrastiveLoss,
        pair_oracles.supervised_contrastive,
        {"temperature": 0.5},
    ),
    "simple": (losses.SimPLELoss, pair_oracles.simple, SIMPLE),
}
LABELS = np.array([0, 1, 0, 2, 1, 0, 3, 1], "int32")
OTHER_LABELS = {
    "all of one person": np.zeros(8, "int32"),
    "all different": np.arange(8, dtype="int32"),
}


def make_embeddings():
    return np.random.default_rng(0).normal(size=(8, 8)).astype("float32")


@keras.saving.register_keras_serializable("batch_losses_test")
def manhattan(embeddings):
    return ops.sum(ops.abs(embeddings[:, None] - embeddings[None]), axis=-1)


@pytest.mark.parametrize("case", sorted(CASES))
def test_equals_a_float64_loop_in_value_and_gradient(case):
    cls, oracle, settings = CASES[case]
    x = make_embeddings()
    variable = keras.Variable(x)
    value, (gradient,) = value_and_gradients(
        lambda: cls(**settings)(LABELS, ops.convert_to_tensor(variable)),
        [variable],
    )
    expected = oracle(LABELS, x.astype("float64"), **settings)
    assert float(value) == pytest.approx(expected, rel=1e-5)
    expected = pair_oracles.gradient(oracle, LABELS, x, **settings)
    atol = 1e-5 * np.abs(expected).max()
    np.testing.assert_allclose(gradient, expected, rtol=0, atol=atol)


@pytest.mark.parametrize("labels", sorted(OTHER_LABELS))
@pytest.mark.parametrize("case", sorted(CASES))
def test_equals_the_loop_without_negatives_or_positives(case, labels):
    cls, oracle, settings = CASES[case]
    x, y = make_embeddings(), OTHER_LABELS[labels]
    value = float(cls(**settings)(y, x))
    expected = oracle(y, x.astype("float64"), **settings)
    assert value == pytest.approx(expected, rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize("case", sorted(CASES))
def test_is_finite_where_embeddings_meet_and_are_zero(case, dtype):
    cls, _, settings = CASES[case]
    x = make_embeddings()
    x[1] = x[4] = 0
    x[2] = x[0]
    x[3] = -x[0]
    variable = keras.Variable(x)
    value, (gradient,) = value_and_gradients(
        lambda: cls(**settings)(
            LABELS, ops.cast(ops.convert_to_tensor(variable), dtype)
        ),
        [variable],
    )
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize("case", sorted(CASES))
def test_config_round_trip_and_sample_weights(case):
    cls, _, settings = CASES[case]
    loss = cls(**settings, reduction="sum", name="given")
    rebuilt = keras.losses.deserialize(keras.losses.serialize(loss))
    assert rebuilt.get_config() == loss.get_config()
    x = make_embeddings()
    # `sum` of samples weighted by one at a time is the unweighted sum.
    parts = [float(rebuilt(LABELS, x, row)) for row in np.eye(8)]
    assert sum(parts) == pytest.approx(float(loss(LABELS, x)), rel=1e-5)


def test_contrastive_equals_a_float64_loop():
    y = np.array([1, 0, 0, 1, 0], "int32")
    d = np.float32([0.3, 0.2, 1.4, 0.0, 0.9])
    variable = keras.Variable(d)
    value, (gradient,) = value_and_gradients(
        lambda: losses.ContrastiveLoss(margin=0.8)(
            y, ops.convert_to_tensor(variable)
        ),
        [variable],
    )
    expected = pair_oracles.contrastive(y, d.astype("float64"), margin=0.8)
    assert float(value) == pytest.approx(expected, rel=1e-5)
    expected = pair_oracles.gradient(pair_oracles.contrastive, y, d, margin=0.8)
    np.testing.assert_allclose(gradient, expected, atol=1e-6)
    columns = losses.ContrastiveLoss(margin=0.8)(y[:, None], d[:, None])
    assert float(columns) == pytest.approx(float(value), rel=1e-6)


def test_a_distance_of_ones_own_is_saved():
    loss = losses.TripletSemiHardLoss(distance_metric=manhattan)
    rebuilt = keras.losses.deserialize(keras.losses.serialize(loss))
    x = make_embeddings()
    assert float(rebuilt(LABELS, x)) == float(loss(LABELS, x))
    assert float(loss(LABELS, x)) != float(
        losses.TripletSemiHardLoss()(LABELS, x)
    )


def test_embeddings_train_and_the_model_saves(tmp_path):
    keras.utils.set_random_seed(0)
    random = np.random.default_rng(0)
    y = np.tile(np.arange(6), 8).astype("int32")
    x = random.normal(size=(6, 12))[y] + 0.5 * random.normal(size=(48, 12))
    inputs = keras.Input((12,))
    model = keras.Model(inputs, keras.layers.Dense(4)(inputs))
    model.compile(
        keras.optimizers.SGD(0.05), losses.SupervisedContrastiveLoss(0.2)
    )
    history = model.fit(x, y, epochs=5, batch_size=24, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.evaluate(x, y, verbose=0) == model.evaluate(x, y, verbose=0)


@pytest.mark.parametrize(
    ("cls", "arguments", "message"),
    [
        (losses.TripletHardLoss, {"margin": -1}, r"`margin`.*at least 0"),
        (
            losses.TripletSemiHardLoss,
            {"distance_metric": "L1"},
            r"`distance_metric`.*L2.*squared-L2.*angular.*'L1'",
        ),
        (losses.ContrastiveLoss, {"margin": 0}, r"`margin` must be above 0"),
        (
            losses.SupervisedContrastiveLoss,
            {"temperature": 0},
            r"`temperature` must be above 0",
        ),
        (losses.SimPLELoss, {"angle_bias": 2}, r"`angle_bias`.*\[-1, 1\]"),
        (losses.SimPLELoss, {"positive_weight": 1}, r"`positive_weight`"),
        (losses.SimPLELoss, {"loss_weight": 0}, r"`loss_weight`.*above 0"),
    ],
)
def test_wrong_arguments_are_named(cls, arguments, message):
    with pytest.raises(ValueError, match=message):
        cls(**arguments)


@pytest.mark.parametrize(
    ("loss", "y_true", "y_pred", "message"),
    [
        (losses.TripletHardLoss(), (4,), (4, 3, 2), r"`y_pred`.*\(4, 3, 2\)"),
        (losses.TripletHardLoss(), (4, 3), (4, 3), r"`y_true`.*\(4, 3\)"),
        (losses.NpairsLoss(), (4,), (4, 3), r"`y_pred`.*square.*\(4, 3\)"),
        (losses.ContrastiveLoss(), (4,), (4, 3), r"`y_pred`.*\(4, 3\)"),
    ],
)
def test_wrong_shapes_are_named(loss, y_true, y_pred, message):
    with pytest.raises(ValueError, match=message):
        loss(np.zeros(y_true), np.zeros(y_pred))


def test_a_loss_without_a_formula_says_what_to_override():
    with pytest.raises(TypeError, match="override `sample_losses`"):
        losses.BatchLoss()(np.zeros(2), np.zeros((2, 3)))


@pytest.mark.slow
@pytest.mark.skipif(
    keras.backend.backend() == "torch", reason="jit_compile is for XLA"
)
@pytest.mark.parametrize("case", sorted(set(CASES) - {"npairs"}))
def test_jit_compiled_training_equals_plain_training(case):
    cls, _, settings = CASES[case]
    random = np.random.default_rng(0)
    x = random.normal(size=(32, 12))
    y = random.integers(0, 6, 32).astype("int32")
    weights = []
    for jit_compile in (False, True):
        keras.utils.set_random_seed(0)
        inputs = keras.Input((12,))
        model = keras.Model(inputs, keras.layers.Dense(8)(inputs))
        model.compile(
            keras.optimizers.SGD(0.01),
            cls(**settings),
            jit_compile=jit_compile,
        )
        model.fit(x, y, epochs=2, batch_size=16, shuffle=False, verbose=0)
        weights.append(model.get_weights())
    for a, b in zip(*weights, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
