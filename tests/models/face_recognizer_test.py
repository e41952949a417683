import keras
import numpy as np
import pytest

from keras_sphereface.heads import SphereFaceRHead
from keras_sphereface.models.face_recognizer import FaceRecognizer

NUM_CLASSES = 5


def make_embedder():
    images = keras.Input((8, 8, 3))
    features = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(images))
    return keras.Model(images, keras.layers.Dense(16)(features))


def make_recognizer(**kwargs):
    keras.utils.set_random_seed(0)
    kwargs = {"margin": 1.4, "scale": 16.0, **kwargs}
    return FaceRecognizer(
        make_embedder(), SphereFaceRHead(NUM_CLASSES, **kwargs)
    )


@pytest.fixture
def faces():
    """Sixty noisy copies of five prototype images, and their labels."""
    random = np.random.default_rng(0)
    labels = random.integers(0, NUM_CLASSES, 60)
    prototypes = random.uniform(0, 255, (NUM_CLASSES, 8, 8, 3))
    noise = random.normal(0, 20, (60, 8, 8, 3))
    images = np.clip(prototypes[labels] + noise, 0, 255).astype("float32")
    return images, labels


def test_fit_learns_and_reports_five_numbers(faces):
    images, labels = faces
    recognizer = make_recognizer()
    recognizer.compile(keras.optimizers.SGD(0.01, momentum=0.9))
    history = recognizer.fit(
        images, labels, batch_size=20, epochs=12, verbose=0
    ).history
    assert set(history) == {
        "loss",
        "accuracy",
        "target_angle",
        "embedding_norm",
        "past_margin",
    }
    assert history["loss"][-1] < 0.5 * history["loss"][0]
    assert history["accuracy"][-1] == 1.0
    assert history["target_angle"][-1] < history["target_angle"][0] - 10
    assert history["embedding_norm"][-1] > 0
    assert history["past_margin"][-1] > 0.9


def test_reported_numbers_equal_a_float64_loop(faces):
    images, labels = faces
    recognizer = make_recognizer(
        scale=16.0, loss_weight=2.0, margin=1.2, variant="v1"
    )
    recognizer.compile("sgd")
    logs = recognizer.evaluate(
        images, labels, batch_size=60, verbose=0, return_dict=True
    )
    embeddings = recognizer.predict(images, verbose=0).astype("float64")
    centers = keras.ops.convert_to_numpy(recognizer.head.centers)
    centers = centers.astype("float64")
    losses, rights, angles, norms, past = [], [], [], [], []
    for x, y in zip(embeddings, labels, strict=True):
        cosines = [
            x @ w / np.linalg.norm(x) / np.linalg.norm(w) for w in centers.T
        ]
        theta = np.arccos(cosines[y])
        others = [c for j, c in enumerate(cosines) if j != y]
        value = np.cos(min(1.2 * theta, np.pi))
        total = sum(np.exp(16.0 * c) for c in [value, *others])
        losses.append(2.0 / 16.0 * (np.log(total) - 16.0 * value))
        rights.append(int(np.argmax(cosines)) == y)
        past.append(value > max(others))
        angles.append(np.degrees(theta))
        norms.append(np.linalg.norm(x))
    expected = {
        "loss": np.mean(losses),
        "accuracy": np.mean(rights),
        "target_angle": np.mean(angles),
        "embedding_norm": np.mean(norms),
        "past_margin": np.mean(past),
    }
    for name, value in expected.items():
        np.testing.assert_allclose(logs[name], value, rtol=1e-5, err_msg=name)


def test_calling_and_predicting_give_embeddings(faces):
    images, _ = faces
    recognizer = make_recognizer()
    expected = recognizer.embedder.predict(images, verbose=0)
    np.testing.assert_allclose(
        recognizer.predict(images, verbose=0), expected, rtol=1e-6
    )
    called = keras.ops.convert_to_numpy(recognizer(images))
    np.testing.assert_allclose(called, expected, rtol=1e-5, atol=1e-5)


def test_saves_and_loads_with_its_optimizer(faces, tmp_path):
    images, labels = faces
    recognizer = make_recognizer(variant="v1", normalization="soft")
    recognizer.compile(keras.optimizers.SGD(0.01, momentum=0.9))
    recognizer.fit(images, labels, batch_size=20, epochs=2, verbose=0)
    recognizer.save(tmp_path / "recognizer.keras")
    loaded = keras.saving.load_model(tmp_path / "recognizer.keras")
    assert isinstance(loaded, FaceRecognizer)
    assert loaded.head.get_config() == recognizer.head.get_config()
    np.testing.assert_array_equal(
        loaded.predict(images, verbose=0), recognizer.predict(images, verbose=0)
    )
    assert int(loaded.optimizer.iterations) == 6
    histories = [
        model.fit(
            images, labels, batch_size=20, epochs=1, shuffle=False, verbose=0
        ).history["loss"]
        for model in (recognizer, loaded)
    ]
    np.testing.assert_allclose(histories[0], histories[1], rtol=1e-6)


def test_a_given_loss_sees_labels_and_margined_logits(faces):
    images, labels = faces
    cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    own, given = make_recognizer(loss_weight=16.0), make_recognizer()
    own.compile("sgd")
    given.compile("sgd", loss=cross_entropy)
    losses = [
        model.evaluate(images, labels, verbose=0, return_dict=True)["loss"]
        for model in (own, given)
    ]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-5)


def test_a_given_loss_keeps_the_norm_penalty(faces):
    images, labels = faces
    cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    losses = []
    for weight in (0.0, 0.5):
        model = make_recognizer(
            normalization="soft", scale=3.0, norm_penalty_weight=weight
        )
        model.compile("sgd", loss=cross_entropy)
        logs = model.evaluate(images, labels, verbose=0, return_dict=True)
        losses.append(logs["loss"])
    norms = np.linalg.norm(model.predict(images, verbose=0), axis=1)
    np.testing.assert_allclose(
        losses[1] - losses[0], 0.5 * np.abs(norms - 3).mean(), rtol=1e-4
    )


def test_sample_weights_select_samples(faces):
    images, labels = faces
    recognizer = make_recognizer()
    recognizer.compile("sgd")
    weights = np.zeros(60, "float32")
    weights[:20] = 3.0
    weighted = recognizer.evaluate(
        images,
        labels,
        sample_weight=weights,
        batch_size=60,
        verbose=0,
        return_dict=True,
    )
    selected = recognizer.evaluate(
        images[:20], labels[:20], batch_size=20, verbose=0, return_dict=True
    )
    # Keras divides a weighted loss by the batch size, metrics by the weights.
    np.testing.assert_allclose(weighted["loss"], selected["loss"], rtol=1e-5)
    for name in ("accuracy", "target_angle", "embedding_norm", "past_margin"):
        np.testing.assert_allclose(weighted[name], selected[name], rtol=1e-5)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.full(60, NUM_CLASSES), r"`labels` must be in \[0, 5\)"),
        (np.full(60, -1), r"`labels` must be in \[0, 5\)"),
        (np.zeros(60, "float32"), r"`labels` must be integer.*float"),
        (np.zeros((60, 5), "int32"), r"row of `labels`.*sum to 1"),
        (np.zeros((60, 4), "int32"), r"`labels` must have shape.*\(60, 4\)"),
    ],
)
def test_fit_names_wrong_labels(faces, labels, message):
    recognizer = make_recognizer()
    recognizer.compile("sgd")
    with pytest.raises(ValueError, match=message):
        recognizer.fit(faces[0], labels, verbose=0)


def test_fit_on_a_dataset_raises_on_labels_out_of_range(faces):
    import tensorflow as tf

    images, _ = faces
    dataset = tf.data.Dataset.from_tensor_slices((images, np.full(60, 9)))
    recognizer = make_recognizer()
    recognizer.compile("sgd")
    with pytest.raises(Exception, match=r"`labels` must be in \[0, 5\)"):
        recognizer.fit(dataset.batch(20), verbose=0)


def test_fit_without_labels_says_so(faces):
    recognizer = make_recognizer()
    recognizer.compile("sgd")
    with pytest.raises(ValueError, match=r"trains on \(images, labels\)"):
        recognizer.fit(faces[0], verbose=0)


def test_metrics_that_would_not_be_computed_are_refused():
    with pytest.raises(ValueError, match=r"does not take `metrics`"):
        make_recognizer().compile("sgd", metrics=["accuracy"])


@pytest.mark.parametrize("part", ["embedder", "head"])
def test_wrong_parts_are_named(part):
    parts = {"embedder": make_embedder(), "head": SphereFaceRHead(5)}
    with pytest.raises(ValueError, match=rf"`{part}` must be a"):
        FaceRecognizer(**{**parts, part: "mobilefacenet"})


def test_an_embedder_of_feature_maps_is_refused():
    images = keras.Input((8, 8, 3))
    embedder = keras.Model(images, keras.layers.Conv2D(4, 3)(images))
    with pytest.raises(ValueError, match=r"`embedder` must return embeddings"):
        FaceRecognizer(embedder, SphereFaceRHead(5))


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_trains_under_mixed_precision(faces, policy):
    images, labels = faces
    keras.config.set_dtype_policy(policy)
    try:
        recognizer = make_recognizer()
    finally:
        keras.config.set_dtype_policy("float32")
    recognizer.compile(keras.optimizers.SGD(0.01, momentum=0.9))
    losses = recognizer.fit(
        images, labels, batch_size=20, epochs=4, verbose=0
    ).history["loss"]
    assert np.isfinite(losses).all()
    assert losses[-1] < losses[0]
