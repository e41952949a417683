import itertools

import keras
import numpy as np
import oracles
import pytest
from gradients import value_and_gradients
from keras import ops

from keras_sphereface.heads import SphereFaceRHead

VARIANTS = ("v0", "v1", "v2")
NORMALIZATIONS = ("none", "hard", "soft")
COMBINATIONS = list(itertools.product(VARIANTS, NORMALIZATIONS))
# Float32 against float64, relative to the largest entry.
TOLERANCE = 1e-5


@pytest.fixture
def batch():
    """Eight samples, the first two exactly on and opposite their center."""
    random = np.random.default_rng(0)
    centers = random.normal(size=(16, 10)).astype("float32")
    embeddings = 3 * random.normal(size=(8, 16)).astype("float32")
    labels = np.array([0, 1, 2, 9, 4, 4, 7, 0], "int32")
    embeddings[0] = 2 * centers[:, 0]
    embeddings[1] = -3 * centers[:, 1]
    return embeddings, centers, labels


def make_head(centers, **kwargs):
    head = SphereFaceRHead(centers.shape[1], **kwargs)
    head.build((None, centers.shape[0]))
    head.centers.assign(centers)
    return head


def loss_and_gradients(head, embeddings, labels):
    embeddings = keras.Variable(embeddings)

    def mean_loss():
        outputs = head.compute_outputs(
            ops.convert_to_tensor(embeddings), labels
        )
        return ops.mean(outputs.losses)

    return value_and_gradients(mean_loss, [embeddings, head.centers])


def assert_close(actual, expected):
    actual = ops.convert_to_numpy(actual)
    assert np.isfinite(actual).all()
    atol = TOLERANCE * np.abs(expected).max()
    np.testing.assert_allclose(actual, expected, rtol=0, atol=atol)


@pytest.mark.parametrize("detach", [True, False, "cosine"])
@pytest.mark.parametrize(("variant", "normalization"), COMBINATIONS)
def test_equals_a_float64_loop(batch, variant, normalization, detach):
    embeddings, centers, labels = batch
    settings = {
        "variant": variant,
        "normalization": normalization,
        "margin": 1.4,
        "scale": 12.0,
        "detach": detach,
        "loss_weight": 5.0,
    }
    head = make_head(centers, **settings)
    logits, losses, d_embeddings, d_centers = oracles.spherefacer(
        embeddings, centers, labels, **settings
    )

    outputs = head.compute_outputs(embeddings, labels)
    assert_close(outputs.logits, logits)
    assert_close(outputs.losses, losses)
    assert_close(head(embeddings, labels), logits)
    loss, gradients = loss_and_gradients(head, embeddings, labels)
    assert_close(loss, losses.mean())
    assert_close(gradients[0], d_embeddings)
    assert_close(gradients[1], d_centers)


@pytest.mark.parametrize("margin", [1.0, 1.7, 2.0, 3.5])
@pytest.mark.parametrize("variant", VARIANTS)
def test_equals_a_float64_loop_at_any_margin(batch, variant, margin):
    embeddings, centers, labels = batch
    settings = {
        "variant": variant,
        "normalization": "hard",
        "margin": margin,
        "scale": 30.0,
        "detach": True,
        "loss_weight": 50.0,
    }
    head = make_head(centers, **settings)
    logits, losses, d_embeddings, d_centers = oracles.spherefacer(
        embeddings, centers, labels, **settings
    )
    assert_close(head.compute_outputs(embeddings, labels).logits, logits)
    loss, gradients = loss_and_gradients(head, embeddings, labels)
    assert_close(loss, losses.mean())
    assert_close(gradients[0], d_embeddings)
    assert_close(gradients[1], d_centers)


@pytest.mark.parametrize("norm_penalty", ["l1", "l2"])
def test_soft_normalization_penalizes_the_norm(batch, norm_penalty):
    embeddings, centers, labels = batch
    settings = {
        "variant": "v1",
        "normalization": "soft",
        "margin": 1.5,
        "scale": 9.0,
        "detach": True,
        "loss_weight": 1.0,
        "norm_penalty": norm_penalty,
        "norm_penalty_weight": 0.5,
    }
    head = make_head(centers, **settings)
    _, losses, d_embeddings, _ = oracles.spherefacer(
        embeddings, centers, labels, **settings
    )
    loss, gradients = loss_and_gradients(head, embeddings, labels)
    assert_close(loss, losses.mean())
    assert_close(gradients[0], d_embeddings)


@pytest.mark.parametrize(
    ("normalization", "loss_weight"), [("none", 1), ("hard", 50), ("soft", 50)]
)
def test_default_loss_weights_are_those_of_opensphere(
    normalization, loss_weight
):
    head = SphereFaceRHead(3, normalization=normalization)
    assert head.loss_weight == loss_weight


@pytest.mark.parametrize("detach", [True, False])
@pytest.mark.parametrize(("variant", "normalization"), COMBINATIONS)
def test_zero_embeddings_have_finite_loss_and_no_gradient(
    batch, variant, normalization, detach
):
    embeddings, centers, labels = batch
    embeddings[3] = 0
    head = make_head(
        centers, variant=variant, normalization=normalization, detach=detach
    )
    loss, gradients = loss_and_gradients(head, embeddings, labels)
    assert np.isfinite(loss)
    assert np.isfinite(gradients[1]).all()
    np.testing.assert_array_equal(gradients[0][3], 0)


def test_a_detached_norm_feels_the_pull_of_the_plain_inner_product(batch):
    embeddings, centers, labels = batch
    for case in ({"margin": 2.0}, {"margin": 1.0}):
        for variant in VARIANTS:
            head = make_head(
                centers, variant=variant, normalization="none", **case
            )
            logits = head.compute_outputs(embeddings, labels).logits
            slopes = keras.ops.softmax(logits) - keras.ops.one_hot(
                labels, centers.shape[1]
            )
            cos_theta, norms = head.cosines(embeddings)
            expected = keras.ops.sum(slopes * cos_theta, axis=1) / len(labels)
            _, (gradient, _) = loss_and_gradients(head, embeddings, labels)
            unit = embeddings / keras.ops.convert_to_numpy(norms)
            found = (keras.ops.convert_to_numpy(gradient) * unit).sum(axis=1)
            assert_close(found, keras.ops.convert_to_numpy(expected))


def test_detachment_changes_gradients_and_not_values(batch):
    embeddings, centers, labels = batch
    heads = [
        make_head(centers, variant="v1", detach=detach)
        for detach in (True, False)
    ]
    losses, gradients = zip(
        *(loss_and_gradients(head, embeddings, labels) for head in heads),
        strict=True,
    )
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-5)
    assert np.abs(gradients[0][0] - gradients[1][0]).max() > 1e-2


def test_hard_normalization_gives_embeddings_a_tangential_gradient(batch):
    embeddings, centers, labels = batch
    head = make_head(centers, normalization="hard")
    _, gradients = loss_and_gradients(head, embeddings, labels)
    radial = (gradients[0] * embeddings).sum(axis=1)
    np.testing.assert_allclose(radial, 0, atol=1e-4)


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_without_labels_returns_plain_scaled_cosines(batch, normalization):
    embeddings, centers, _ = batch
    head = make_head(centers, normalization=normalization, scale=20.0)
    x = embeddings.astype("float64")
    w = centers.astype("float64")
    norms = np.linalg.norm(x, axis=1, keepdims=True)
    cosines = x @ w / norms / np.linalg.norm(w, axis=0)
    factor = 20.0 if normalization == "hard" else norms
    assert_close(head(embeddings), factor * cosines)


def test_margin_makes_the_target_harder(batch):
    embeddings, centers, labels = batch
    plain, margined = (
        make_head(centers, margin=margin, variant="v2", detach=False)
        for margin in (1.0, 1.4)
    )
    plain_losses, margined_losses = (
        ops.convert_to_numpy(head.compute_outputs(embeddings, labels).losses)
        for head in (plain, margined)
    )
    assert (margined_losses >= plain_losses - 1e-5).all()
    assert margined_losses.sum() > plain_losses.sum() + 1


def test_permuting_classes_permutes_logits(batch):
    embeddings, centers, labels = batch
    order = np.random.default_rng(1).permutation(10)
    inverse = np.argsort(order)
    logits = make_head(centers)(embeddings, labels)
    permuted = make_head(centers[:, order])(embeddings, inverse[labels])
    np.testing.assert_allclose(
        ops.convert_to_numpy(permuted),
        ops.convert_to_numpy(logits)[:, order],
        rtol=1e-5,
        atol=1e-4,
    )


@pytest.mark.slow
@pytest.mark.parametrize(("variant", "normalization"), COMBINATIONS)
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_trains_under_mixed_precision(policy, variant, normalization):
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy(policy)
    try:
        embeddings = keras.Input((12,))
        labels = keras.Input((), dtype="int32")
        hidden = keras.layers.Dense(8)(embeddings)
        head = SphereFaceRHead(
            6, variant=variant, normalization=normalization, scale=16.0
        )
        model = keras.Model([embeddings, labels], head(hidden, labels))
    finally:
        keras.config.set_dtype_policy("float32")
    assert head.compute_dtype == head.centers.dtype == "float32"
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.1), loss)
    random = np.random.default_rng(0)
    y = random.integers(0, 6, 32).astype("int32")
    x = random.normal(size=(6, 12))[y] + 0.1 * random.normal(size=(32, 12))
    history = model.fit([x, y], y, epochs=6, verbose=0).history["loss"]
    assert np.isfinite(history).all()
    assert history[-1] < history[0]


def test_functional_model_saves_and_loads_without_custom_objects(tmp_path):
    embeddings = keras.Input((12,))
    labels = keras.Input((), dtype="int32")
    head = SphereFaceRHead(6, variant="v1", normalization="soft", scale=3.0)
    model = keras.Model([embeddings, labels], head(embeddings, labels))
    x = np.random.default_rng(0).normal(size=(5, 12)).astype("float32")
    y = np.array([0, 1, 2, 3, 5], "int32")
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(
        loaded.predict([x, y], verbose=0), model.predict([x, y], verbose=0)
    )


def test_soft_penalty_is_a_layer_loss_in_a_functional_model(batch):
    embeddings, centers, labels = batch
    head = make_head(
        centers, normalization="soft", scale=9.0, norm_penalty_weight=0.5
    )
    head(embeddings, labels)
    norms = np.linalg.norm(embeddings.astype("float64"), axis=1)
    expected = 0.5 * np.abs(norms - 9.0).mean()
    np.testing.assert_allclose(float(head.losses[0]), expected, rtol=1e-5)


def test_config_round_trip_keeps_every_argument():
    settings = {
        "num_classes": 7,
        "variant": "v0",
        "normalization": "soft",
        "margin": 1.9,
        "scale": 25.0,
        "detach": False,
        "loss_weight": 3.0,
        "norm_penalty": "l2",
        "norm_penalty_weight": 0.2,
        "name": "head",
    }
    config = SphereFaceRHead(**settings).get_config()
    rebuilt = SphereFaceRHead.from_config(config)
    assert rebuilt.get_config() == config
    assert {key: config[key] for key in settings} == settings


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"variant": "v3"}, r"`variant`.*v0.*v1.*v2.*Received: variant='v3'"),
        ({"normalization": "l2"}, r"`normalization`.*none.*hard.*soft"),
        ({"norm_penalty": "huber"}, r"`norm_penalty`.*l1.*l2"),
        ({"margin": 0.9}, r"`margin`.*at least 1.*margin=0\.9"),
        ({"margin": float("nan")}, r"`margin`.*at least 1"),
        ({"scale": 0.0}, r"`scale`.*above 0.*scale=0"),
        ({"loss_weight": -1.0}, r"`loss_weight`.*loss_weight=-1"),
        ({"norm_penalty_weight": -0.1}, r"`norm_penalty_weight`.*at least 0"),
        ({"num_classes": 0}, r"`num_classes`.*integer of at least 1"),
        ({"dtype": "mixed_float16"}, r"`dtype` must be 'float32'"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        SphereFaceRHead(**{"num_classes": 5, **arguments})


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.array([0, 10]), r"`labels` must be in \[0, 10\).*\[10\]"),
        (np.array([-1, 3]), r"`labels` must be in \[0, 10\).*\[-1\]"),
        (np.array([0.0, 1.0], "float32"), r"`labels`.*integer.*float32"),
        (np.eye(9, dtype="int32")[:2], r"`labels` must have shape.*\(2, 9\)"),
    ],
)
def test_wrong_labels_are_named(batch, labels, message):
    embeddings, centers, _ = batch
    with pytest.raises(ValueError, match=message):
        make_head(centers)(embeddings[:2], labels)


def test_embeddings_of_a_wrong_rank_are_named():
    with pytest.raises(ValueError, match=r"`embeddings`.*\(2, 4, 4, 8\)"):
        SphereFaceRHead(5).build((2, 4, 4, 8))
