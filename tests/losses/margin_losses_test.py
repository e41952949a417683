"""Losses on plain cosines, held to one list; SphereFace-R has its own file."""

import head_oracles
import keras
import numpy as np
import pytest
from gradients import value_and_gradients
from head_cases import EMBEDDING_DIM, NUM_CLASSES, make_batch
from keras import ops

from keras_sphereface import heads, losses
from keras_sphereface.layers import CosineDense

# Class, name of the oracle and of the head, hyperparameters.
CASES = {
    "arcface": (losses.ArcFaceLoss, "arcface", {"margin": 0.5}),
    "combined_margin": (
        losses.CombinedMarginLoss,
        "combined_margin",
        {"angle_factor": 1.2, "angle_margin": 0.3, "cosine_margin": 0.2},
    ),
    "cosface": (losses.CosFaceLoss, "cosface", {"margin": 0.35}),
    "normface": (losses.NormFaceLoss, "normface", {}),
    "sphereface": (losses.SphereFaceLoss, "sphereface", {"margin": 1.7}),
    **{
        f"sphereface2_{variant}": (
            losses.SphereFace2Loss,
            "sphereface2",
            {"variant": variant, "margin": margin, "power": 3.0}
            | {"positive_weight": 0.7, "loss_weight": 50.0},
        )
        for variant, margin in (("C", 0.4), ("A", 0.5), ("M", 1.7))
    },
}
SITUATIONS = [
    (case, detach)
    for case in sorted(CASES)
    for detach in ([None] if case == "normface" else [True, False])
]


@pytest.mark.parametrize("one_hot", [True, False])
@pytest.mark.parametrize(("case", "detach"), SITUATIONS)
def test_equals_a_float64_loop_in_value_and_gradient(case, detach, one_hot):
    cls, name, settings = CASES[case]
    settings = {"scale": 16.0, **settings}
    if detach is not None:
        settings["detach"] = detach
    embeddings, centers, labels = make_batch()
    bias = 0.0
    if name == "sphereface2":
        head = heads.get(name, NUM_CLASSES, **settings)
        head.build((None, EMBEDDING_DIM))
        bias = float(ops.convert_to_numpy(head.bias))
    arrays = [a.astype("float64") for a in (embeddings, centers)]
    _, expected = head_oracles.head(name, *arrays, labels, settings, bias)
    gradients = head_oracles.head_gradients(
        name, *arrays, labels, settings, bias
    )

    layer = CosineDense(NUM_CLASSES)
    layer.build((None, EMBEDDING_DIM))
    layer.centers.assign(centers)
    variable = keras.Variable(embeddings)
    y_true = np.eye(NUM_CLASSES)[labels] if one_hot else labels
    loss = cls(**settings)
    value, actual = value_and_gradients(
        lambda: loss(y_true, layer(ops.convert_to_tensor(variable))),
        [variable, layer.centers],
    )
    assert float(value) == pytest.approx(expected.mean(), rel=1e-5)
    for a, b in zip(actual, gradients[:2], strict=True):
        atol = 1e-5 * np.abs(b).max()
        np.testing.assert_allclose(a, b, rtol=0, atol=atol)


@pytest.mark.parametrize("case", sorted(CASES))
def test_config_round_trip_keeps_every_argument(case):
    cls, _, settings = CASES[case]
    settings = {**settings, "scale": 9.0, "reduction": "sum", "name": "given"}
    settings["loss_weight"] = 3.0
    loss = cls(**settings)
    rebuilt = keras.losses.deserialize(keras.losses.serialize(loss))
    assert type(rebuilt) is cls
    config = rebuilt.get_config()
    assert config == loss.get_config()
    assert {key: config[key] for key in settings} == settings


@pytest.mark.parametrize("case", sorted(CASES))
def test_defaults_are_those_of_the_head(case):
    cls, name, settings = CASES[case]
    variant = {k: v for k, v in settings.items() if k == "variant"}
    head = heads.get(name, NUM_CLASSES, **variant).get_config()
    loss = cls(**variant).get_config()
    shared = set(head) & set(loss) - {"name", "dtype"}
    assert {"scale"} <= shared
    assert {k: loss[k] for k in shared} == {k: head[k] for k in shared}


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize(("case", "detach"), SITUATIONS)
def test_is_finite_at_cosines_of_exactly_1_in_half_precision(
    case, detach, dtype
):
    cls, _, settings = CASES[case]
    if detach is not None:
        settings = {**settings, "detach": detach}
    cosines = np.zeros((4, NUM_CLASSES), "float32")
    cosines[0, 0], cosines[1, 1], cosines[2, 0] = 1, -1, 1
    variable = keras.Variable(cosines)
    value, (gradient,) = value_and_gradients(
        lambda: cls(**settings)(
            np.array([0, 1, 2, 3]),
            ops.cast(ops.convert_to_tensor(variable), dtype),
        ),
        [variable],
    )
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize("case", sorted(CASES))
def test_trains_with_weights_and_the_model_saves(case, tmp_path):
    cls, _, settings = CASES[case]
    keras.utils.set_random_seed(0)
    random = np.random.default_rng(0)
    y = random.integers(0, 6, 32).astype("int32")
    x = random.normal(size=(6, 12))[y] + 0.1 * random.normal(size=(32, 12))
    inputs = keras.Input((12,))
    model = keras.Model(inputs, CosineDense(6)(keras.layers.Dense(8)(inputs)))
    model.compile(
        keras.optimizers.SGD(0.01), loss=cls(**{**settings, "scale": 16.0})
    )
    history = model.fit(
        x, y, epochs=5, class_weight={0: 2.0}, verbose=0
    ).history
    assert history["loss"][-1] < history["loss"][0]
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.loss.get_config() == model.loss.get_config()


@pytest.mark.parametrize(
    ("cls", "arguments", "message"),
    [
        (losses.ArcFaceLoss, {"margin": 4}, r"`margin`.*3\.14.*margin=4"),
        (losses.CosFaceLoss, {"margin": -1}, r"`margin`.*at least 0"),
        (losses.SphereFaceLoss, {"margin": 0.9}, r"`margin`.*at least 1"),
        (losses.NormFaceLoss, {"scale": 0}, r"`scale` must be above 0"),
        (
            losses.CombinedMarginLoss,
            {"angle_factor": 0},
            r"`angle_factor`.*at least 1",
        ),
        (losses.SphereFace2Loss, {"variant": "D"}, r"`variant`.*'D'"),
        (
            losses.SphereFace2Loss,
            {"variant": "M", "margin": 0.4},
            r"`margin`.*at least 1",
        ),
    ],
)
def test_wrong_arguments_are_named(cls, arguments, message):
    with pytest.raises(ValueError, match=message):
        cls(**arguments)


@pytest.mark.slow
@pytest.mark.skipif(
    keras.backend.backend() == "torch", reason="jit_compile is for XLA"
)
@pytest.mark.parametrize("case", sorted(CASES))
def test_jit_compiled_training_equals_plain_training(case):
    cls, _, settings = CASES[case]
    random = np.random.default_rng(0)
    x = random.normal(size=(32, 12))
    y = random.integers(0, 6, 32).astype("int32")
    weights = []
    for jit_compile in (False, True):
        keras.utils.set_random_seed(0)
        inputs = keras.Input((12,))
        model = keras.Model(
            inputs, CosineDense(6)(keras.layers.Dense(8)(inputs))
        )
        model.compile(
            keras.optimizers.SGD(0.01),
            cls(**{**settings, "scale": 16.0}),
            jit_compile=jit_compile,
        )
        model.fit(x, y, epochs=2, batch_size=16, shuffle=False, verbose=0)
        weights.append(model.get_weights())
    for a, b in zip(*weights, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
