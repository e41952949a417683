"""Every head of the family, held to one list."""

import inspect

import head_oracles
import keras
import numpy as np
import pytest
from gradients import value_and_gradients
from head_cases import (
    ALL,
    CASES,
    EMBEDDING_DIM,
    NUM_CLASSES,
    detaching,
    make_batch,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from keras_sphereface import heads
from keras_sphereface.models import FaceRecognizer

STATISTICAL = ("adaface", "curricularface")
SITUATIONS = [
    (case, detach, training)
    for case in sorted(CASES)
    for detach in ([None] if case == "normface" else [False, True])
    for training in ([False, True] if case in STATISTICAL else [False])
]
# A `fit` takes seconds; these stand for the others when time is short.
SHORT_LIST = ("adaface", "elastic_cosface", "sphereface2_c", "sphereface_plus")
# What XLA compiles is much the same for the others.
KINDS = {
    *("adaface", "curricularface", "elastic_plus", "gce", "spherefacer"),
    *("sphereface2_c", "subcenter_arcface", "unitsface"),
}
SLOW_BUT_FOR_SOME = [
    pytest.param(case, marks=() if case in SHORT_LIST else pytest.mark.slow)
    for case in sorted(ALL)
]
# Float32 against float64, relative to the largest entry.
TOLERANCE = 1e-5


def make_head(case, centers=None, **kwargs):
    name, arguments = ALL[case]
    arguments = {"scale": 16.0, **arguments, **kwargs}
    head = heads.get(name, NUM_CLASSES, **arguments)
    head.build((None, EMBEDDING_DIM))
    if centers is not None:
        head.centers.assign(centers)
    return head


def loss_and_gradients(head, embeddings, labels, training=False):
    embeddings = keras.Variable(embeddings)
    variables = [embeddings, *head.trainable_weights]

    def mean_loss():
        outputs = head.compute_outputs(
            ops.convert_to_tensor(embeddings), labels, training
        )
        return ops.mean(outputs.losses)

    return value_and_gradients(mean_loss, variables)


def make_models(case, jit_compile=False):
    """A recognizer and a functional model of one head, built the same way."""
    name, arguments = ALL[case]
    keras.utils.set_random_seed(0)
    inputs = keras.Input((5,))
    embedder = keras.Model(inputs, keras.layers.Dense(EMBEDDING_DIM)(inputs))
    head = heads.get(name, NUM_CLASSES, **{"scale": 16.0, **arguments})
    recognizer = FaceRecognizer(embedder, head)
    recognizer.compile(
        keras.optimizers.SGD(0.01, momentum=0.9), jit_compile=jit_compile
    )
    labels = keras.Input((), dtype="int32")
    model = keras.Model([inputs, labels], head(embedder(inputs), labels))
    model.compile(
        keras.optimizers.SGD(0.01),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        jit_compile=jit_compile,
    )
    return recognizer, model


def make_faces():
    random = np.random.default_rng(0)
    y = random.integers(0, NUM_CLASSES, 36).astype("int32")
    x = random.normal(size=(NUM_CLASSES, 5))[y]
    x = x + 0.1 * random.normal(size=(36, 5))
    return x.astype("float32"), y


def oracle_settings(head, embeddings, centers, labels, training):
    """The head's config with its statistics, moved by hand in training."""
    s = {**head.get_config(), "scale": 16.0}
    if type(head).__name__ == "AdaFaceHead":
        norms = [np.sqrt(sum(v * v for v in x)) for x in embeddings]
        s["mean"], s["std"] = 20.0, 100.0
        if training:
            share = s["momentum"]
            s["mean"] = share * np.mean(norms) + (1 - share) * s["mean"]
            deviation = np.std(norms, ddof=1)
            s["std"] = share * deviation + (1 - share) * s["std"]
    if type(head).__name__ == "CurricularFaceHead":
        s["hardness"] = 0.0
        if training:
            cosines = [
                x
                @ centers[:, y]
                / np.linalg.norm(x)
                / np.linalg.norm(centers[:, y])
                for x, y in zip(embeddings, labels, strict=True)
            ]
            s["hardness"] = s["momentum"] * np.mean(cosines)
    return s


@pytest.mark.parametrize(("case", "detach", "training"), SITUATIONS)
def test_equals_a_float64_loop_in_value_and_gradient(case, detach, training):
    embeddings, centers, labels = make_batch()
    kwargs = {} if detach is None else {"detach": detach}
    head = make_head(case, **kwargs)
    if head.sub_centers > 1:
        centers = np.random.default_rng(3).normal(
            size=(*centers.shape, head.sub_centers)
        )
        centers = centers.astype("float32")
    head.centers.assign(centers)
    x, w = embeddings.astype("float64"), centers.astype("float64")
    s = oracle_settings(head, x, w, labels, training)
    bias = float(ops.convert_to_numpy(getattr(head, "bias", 0.0)))
    name = ALL[case][0]
    logits, losses = head_oracles.head(name, x, w, labels, s, bias)
    d_embeddings, d_centers, d_bias = head_oracles.head_gradients(
        name, x, w, labels, s, bias
    )

    loss, gradients = loss_and_gradients(head, embeddings, labels, training)
    # The statistics have moved; evaluation does not move them again.
    outputs = head.compute_outputs(embeddings, labels)
    if not (training and keras.backend.backend() == "jax"):
        assert_close(outputs.logits, logits)
        assert_close(outputs.losses, losses)
        # The logits of a functional model.
        assert_close(head(embeddings, labels), logits)
    assert_close(loss, losses.mean())
    assert_close(gradients[0], d_embeddings)
    assert_close(gradients[1], d_centers)
    if len(gradients) > 2:
        assert_close(gradients[2], d_bias)


def assert_close(actual, expected):
    actual = ops.convert_to_numpy(actual)
    assert np.isfinite(actual).all()
    atol = TOLERANCE * np.abs(expected).max()
    np.testing.assert_allclose(actual, expected, rtol=0, atol=atol)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("case", sorted(ALL))
def test_is_finite_at_the_poles_and_at_zero_in_half_precision(case, dtype):
    embeddings, centers, labels = make_batch()
    embeddings[:2] = 0
    embeddings[2:] = 0
    # Exact axes, so that cosines are exactly 1 and -1 in 16 bits too.
    centers[:] = 0
    for column in range(NUM_CLASSES):
        centers[column % EMBEDDING_DIM, column] = 1
    embeddings[1, labels[1] % EMBEDDING_DIM] = 4
    embeddings[2, labels[2] % EMBEDDING_DIM] = -4
    embeddings[3, labels[3] % EMBEDDING_DIM] = 0.5
    for detach in (True, False):
        kwargs = detaching(ALL[case], detach)
        keras.config.set_dtype_policy(f"mixed_{dtype}")
        try:
            head = make_head(case, **kwargs)
        finally:
            keras.config.set_dtype_policy("float32")
        if head.sub_centers == 1:
            head.centers.assign(centers)
        else:
            head.centers.assign(np.stack([centers] * head.sub_centers, -1))
        variable = keras.Variable(embeddings)

        def mean_loss(head=head, variable=variable):
            half = ops.cast(ops.convert_to_tensor(variable), dtype)
            outputs = head.compute_outputs(half, labels, training=True)
            return ops.mean(outputs.losses)

        loss, gradients = value_and_gradients(
            mean_loss, [variable, *head.trainable_weights]
        )
        assert np.isfinite(loss)
        for gradient in gradients:
            assert np.isfinite(gradient).all()
        np.testing.assert_array_equal(gradients[0][0], 0)


# What makes a head NormFace, or one with no margin left.
PLAIN = {
    "arcface": {"margin": 0.0},
    "cosface": {"margin": 0.0},
    "combined_margin": {
        "angle_factor": 1.0,
        "angle_margin": 0.0,
        "cosine_margin": 0.0,
    },
    "sphereface": {"margin": 1.0},
    "spherefacer": {"margin": 1.0, "normalization": "hard"},
    "adaface": {"margin": 0.0},
    "magface": {"lower_margin": 0.0, "upper_margin": 0.0},
    "elastic_arcface": {"margin": 0.0, "deviation": 0.0},
    "elastic_cosface": {"margin": 0.0, "deviation": 0.0},
    "sphereface_plus": {"margin": 1.0},
    "subcenter_arcface": {"margin": 0.0, "sub_centers": 1},
}


@pytest.mark.parametrize("case", sorted(PLAIN))
def test_without_its_margin_it_is_normface_to_the_last_bit(case):
    embeddings, centers, labels = make_batch()
    embeddings[0] = centers[:, 0]  # a cosine that is exactly 1
    normface = make_head("normface", centers)
    kwargs = detaching(ALL[case], False)
    head = make_head(case, centers, **kwargs, **PLAIN[case])
    for training in (True, False):
        outputs = head.compute_outputs(embeddings, labels, training)
        np.testing.assert_array_equal(
            ops.convert_to_numpy(outputs.logits),
            ops.convert_to_numpy(normface(embeddings, labels)),
        )


@pytest.mark.parametrize("variant", ["C", "A", "M"])
def test_sphereface2_without_margin_and_power_has_plain_cosines(variant):
    embeddings, centers, labels = make_batch()
    head = make_head(
        "sphereface2_c",
        centers,
        variant=variant,
        margin=1.0 if variant == "M" else 0.0,
        power=1.0,
        detach=False,
    )
    outputs = head.compute_outputs(embeddings, labels)
    np.testing.assert_array_equal(
        ops.convert_to_numpy(outputs.logits),
        ops.convert_to_numpy(16.0 * outputs.cos_theta + head.bias),
    )


@pytest.mark.parametrize("case", sorted(set(ALL) - {"subcenter_arcface"}))
def test_permuting_classes_permutes_logits(case):
    embeddings, centers, labels = make_batch()
    order = np.random.default_rng(1).permutation(NUM_CLASSES)
    inverse = np.argsort(order)
    logits = make_head(case, centers)(embeddings, labels)
    permuted = make_head(case, centers[:, order])(embeddings, inverse[labels])
    np.testing.assert_allclose(
        ops.convert_to_numpy(permuted),
        ops.convert_to_numpy(logits)[:, order],
        rtol=1e-5,
        atol=1e-4,
    )


def swept_values(case, cosines, norm, **kwargs):
    """What a head makes of the cosine to the true class, and to another."""
    head = make_head(case, scale=1.0, **kwargs)
    cosines = np.asarray(cosines, "float32")
    values = []
    for swept, rest in ((0, -1.0), (1, 1.0)):
        plane = np.full((len(cosines), NUM_CLASSES), rest, "float32")
        plane[:, swept] = cosines
        margined = head.margined_cosines(
            ops.convert_to_tensor(plane),
            ops.zeros(len(cosines), "int32"),
            ops.full((len(cosines), 1), norm),
        )
        values.append(ops.convert_to_numpy(margined)[:, swept])
    return values


SWEEPABLE = sorted(set(ALL) - {"normface", "spherefacer"})


@pytest.mark.parametrize("case", SWEEPABLE)
@settings(deadline=None, max_examples=12)
@given(share=st.floats(0.0, 1.0), norm=st.floats(0.5, 200.0))
def test_the_target_falls_without_jumps_below_the_others(case, share, norm):
    head = make_head(case)
    kwargs = {
        name: getattr(head, name) * share
        if name != "angle_factor" and getattr(head, name) < 1
        else 1 + (getattr(head, name) - 1) * 3 * share
        for name in head.hyperparameters()
        if "margin" in name or name == "angle_factor"
    }
    cosines = np.cos(np.linspace(0.005, 3.136, 2048, dtype="float32"))
    values, others = swept_values(case, cosines, norm, **kwargs)
    steps = np.diff(values)
    assert steps.max() <= 3e-5
    # One step of theta is 0.0016, and no slope is steeper than 8.
    assert steps.min() > -0.0016 * 8
    assert (values <= others + 3e-5).all()


@pytest.mark.parametrize("case", sorted(ALL))
def test_config_round_trip_keeps_every_argument(case):
    head = make_head(case)
    config = head.get_config()
    rebuilt = type(head).from_config(config)
    assert rebuilt.get_config() == config
    arguments = set(inspect.signature(type(head)).parameters) - {"kwargs"}
    assert arguments - {"margin_function"} <= set(config)


@pytest.mark.parametrize("case", SLOW_BUT_FOR_SOME)
def test_trains_weighs_saves_and_loads_in_both_kinds_of_model(case, tmp_path):
    recognizer, model = make_models(case)
    x, y = make_faces()
    weights = np.ones(36, "float32")
    fit = {"batch_size": 12, "shuffle": False, "verbose": 0}
    first = recognizer.fit(x, y, sample_weight=weights, epochs=4, **fit)
    assert first.history["loss"][-1] < first.history["loss"][0]
    recognizer.fit(x, y, class_weight={0: 2.0, 1: 0.5}, **fit)
    recognizer.save(tmp_path / "recognizer.keras")
    loaded = keras.saving.load_model(tmp_path / "recognizer.keras")
    for each in (recognizer, loaded):
        each.fit(x, y, sample_weight=weights, **fit)
    for a, b in zip(
        recognizer.get_weights(), loaded.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(a, b)

    model.fit([x, y], y, **fit)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(
        *(ops.convert_to_numpy(each([x, y])) for each in (model, loaded))
    )


# These look at the whole batch.
@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, marks=() if case in SHORT_LIST else pytest.mark.slow)
        for case in sorted(set(ALL) - {"gce", "sphereface_plus"})
    ],
)
def test_sample_weights_select_samples(case):
    recognizer, _ = make_models(case)
    x, y = make_faces()
    weights = np.zeros(36, "float32")
    weights[:12] = 3.0
    weighted = recognizer.evaluate(
        x, y, sample_weight=weights, batch_size=36, verbose=0
    )
    selected = recognizer.evaluate(x[:12], y[:12], batch_size=12, verbose=0)
    np.testing.assert_allclose(weighted, selected, rtol=1e-5)


@pytest.mark.skipif(
    keras.backend.backend() == "torch", reason="jit_compile is for XLA"
)
@pytest.mark.parametrize(
    "case",
    [
        pytest.param(
            case,
            marks=[
                *([pytest.mark.slow] if case != "adaface" else []),
                *([pytest.mark.release] if case not in KINDS else []),
            ],
        )
        for case in sorted(ALL)
    ],
)
def test_jit_compiled_training_equals_plain_training(case):
    x, y = make_faces()
    plain, compiled = (make_models(case, jit)[0] for jit in (False, True))
    fit = {"epochs": 2, "batch_size": 12, "shuffle": False, "verbose": 0}
    for model in (plain, compiled):
        model.fit(x, y, **fit)
    if case.startswith("elastic") or case == "gce":
        # XLA draws other numbers from the same seed.
        assert all(np.isfinite(w).all() for w in compiled.get_weights())
        return
    for a, b in zip(plain.get_weights(), compiled.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("case", sorted(ALL))
def test_without_labels_returns_plain_scaled_cosines(case):
    embeddings, _, _ = make_batch()
    head = make_head(case)
    x = embeddings.astype("float64")
    w = ops.convert_to_numpy(head.centers).astype("float64")
    norms = np.linalg.norm(x, axis=1)
    w = w.reshape(EMBEDDING_DIM, NUM_CLASSES, -1)
    cosines = np.einsum("bd,dck->bck", x, w / np.linalg.norm(w, axis=0))
    cosines = cosines.max(axis=-1) / norms[:, None]
    scale = norms[:, None] if case == "spherefacer" else 16.0
    assert_close(head(embeddings), scale * cosines)


WRONG = [
    ("arcface", {"margin": -0.1}, r"`margin`.*in \[0, 3\.14.*margin=-0\.1"),
    ("arcface", {"margin": 3.2}, r"`margin` is an angle.*in \[0, 3\.14"),
    ("cosface", {"margin": -1}, r"`margin`.*at least 0"),
    ("cosface", {"scale": 0}, r"`scale` must be above 0.*scale=0"),
    ("sphereface", {"margin": 0.9}, r"`margin` multiplies.*at least 1"),
    ("sphereface_plus", {"sub_centers": 2}, r"`sub_centers` must be 1"),
    ("sphereface_plus", {"energy_weight": -1}, r"`energy_weight`.*at least 0"),
    ("sphereface2", {"variant": "B"}, r"`variant`.*'C', 'A', 'M'.*'B'"),
    ("sphereface2", {"variant": "M", "margin": 0.5}, r"`margin`.*at least 1"),
    ("sphereface2", {"power": 0.5}, r"`power` must be at least 1"),
    ("sphereface2", {"positive_weight": 1.0}, r"`positive_weight`.*\(0, 1\)"),
    ("sphereface2", {"loss_weight": 0}, r"`loss_weight`.*above 0"),
    ("combined_margin", {"angle_factor": 0.5}, r"`angle_factor`.*at least 1"),
    ("adaface", {"concentration": 0}, r"`concentration`.*above 0"),
    ("adaface", {"momentum": 0}, r"`momentum` must be in \(0, 1\]"),
    ("curricularface", {"momentum": 2}, r"`momentum` must be in \(0, 1\]"),
    ("magface", {"lower_norm": 0}, r"`lower_norm` must be above 0"),
    ("magface", {"lower_norm": 200}, r"`lower_norm`.*lower_norm=200"),
    ("elastic_arcface", {"deviation": -1}, r"`deviation`.*at least 0"),
    ("elastic_cosface", {"seed": -1}, r"`seed`.*seed=-1"),
    ("uniface", {"negative_weight": 0}, r"`negative_weight`.*above 0"),
    (
        "subcenter_arcface",
        {"sub_centers": 0},
        r"`sub_centers`.*integer of at least 1",
    ),
    ("normface", {"scale": "x"}, r"`scale` must be a number above 0.*'x'"),
]


@pytest.mark.parametrize(("name", "arguments", "message"), WRONG)
def test_wrong_arguments_are_named(name, arguments, message):
    with pytest.raises(ValueError, match=message):
        heads.get(name, NUM_CLASSES, **arguments)


def test_sphereface2_of_one_class_is_refused():
    with pytest.raises(ValueError, match=r"`num_classes` must be at least 2"):
        heads.get("sphereface2", 1)
