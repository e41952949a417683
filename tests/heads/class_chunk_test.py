"""A head that streams over its classes, held to the one that does not.

The reference is `compute_outputs` of a head that computes all classes at once,
which `family_test.py` holds to float64 loops.
"""

import keras
import numpy as np
import pytest
from gradients import value_and_gradients
from head_cases import (
    ALL,
    EMBEDDING_DIM,
    NUM_CLASSES,
    detaching,
    make_batch,
    make_head,
)
from keras import ops

from keras_sphereface import heads
from keras_sphereface.losses import PrecomputedLoss
from keras_sphereface.models import FaceRecognizer

WHOLE_ROWS = {"subcenter_arcface"}
SPHEREFACER = {
    f"spherefacer_{variant}_{normalization}": (
        "spherefacer",
        {"variant": variant, "normalization": normalization},
    )
    for variant in ("v0", "v1", "v2")
    for normalization in ("none", "hard", "soft")
}
CASES = {
    name: case
    for name, case in {**ALL, **SPHEREFACER}.items()
    if name not in WHOLE_ROWS
}
# One head of each kind; the others when there is time.
KINDS = ("adaface", "curricularface", "sphereface2_c", "spherefacer_v2_soft")
SOME_SLOW = [
    pytest.param(case, marks=() if case in KINDS else pytest.mark.slow)
    for case in sorted(CASES)
]
# Chunks that divide the 9 classes and that do not, of one and of all of them.
# JAX compiles each operation of each shape: there one that does not divide.
CHUNKS = [4] if keras.backend.backend() == "jax" else [1, 4, 100]


def build(case, num_classes=NUM_CLASSES, **kwargs):
    return make_head(CASES[case], num_classes, **kwargs)


def weighted_loss_and_gradients(head, embeddings, labels, training=False):
    """Of a mean with weights, one of them 0, as samples have in `fit`."""
    embeddings = keras.Variable(embeddings)
    weights = np.linspace(0.0, 2.0, len(labels)).astype("float32")
    if len(labels) == 1:
        weights = np.ones(1, "float32")

    def mean_loss():
        x = ops.convert_to_tensor(embeddings)
        outputs = head.compute_outputs(x, labels, training)
        return ops.mean(ops.convert_to_tensor(weights) * outputs.losses)

    return value_and_gradients(mean_loss, [embeddings, *head.trainable_weights])


def assert_close(actual, expected):
    for own, other in zip(actual, expected, strict=True):
        assert np.isfinite(own).all()
        atol = 1e-5 * max(np.abs(other).max(), 1e-3)
        np.testing.assert_allclose(own, other, rtol=0, atol=atol)


def assert_streams_as_dense(case, chunks, batch, **kwargs):
    embeddings, centers, labels = batch
    results = []
    for chunk in [None, *chunks]:
        head = build(case, centers.shape[1], class_chunk=chunk, **kwargs)
        head.centers.assign(centers)
        loss, gradients = weighted_loss_and_gradients(
            head, embeddings, labels, training=True
        )
        results.append([loss, *gradients])
    for result in results[1:]:
        assert_close(result, results[0])


@pytest.mark.parametrize("case", SOME_SLOW)
def test_loss_and_gradients_equal_those_of_all_logits(case):
    for detach in (False, True):
        kwargs = detaching(CASES[case], detach)
        assert_streams_as_dense(case, CHUNKS, make_batch(), **kwargs)


@pytest.mark.parametrize("case", SOME_SLOW)
def test_one_sample_and_one_class_are_enough(case):
    embeddings, centers, labels = make_batch()
    one = embeddings[2:3], centers, labels[2:3]  # of the last class
    assert_streams_as_dense(case, [4], one)
    if not case.startswith("sphereface2"):
        only = embeddings, centers[:, :1], np.zeros_like(labels)
        assert_streams_as_dense(case, [1, 5], only)


@pytest.mark.parametrize("chunk", [None, 3])
def test_a_sample_without_doubt_keeps_its_accuracy(chunk):
    # exp(-2 * 64) of the sum is left to the other classes: taking the true
    # class out of the whole sum would leave 0.
    centers = np.eye(4, dtype="float32")[:, [0, 1]]
    centers = np.concatenate([centers, -centers[:, :1]], axis=1)
    embeddings = np.float32([[1, 0, 0, 0]])
    head = heads.get("normface", 3, scale=64.0, class_chunk=chunk)
    head.build((None, 4))
    head.centers.assign(centers)
    losses = head.compute_outputs(embeddings, np.array([0])).losses
    expected = np.log1p(np.exp(-64.0) + np.exp(-128.0))  # about 1.6e-28
    np.testing.assert_allclose(ops.convert_to_numpy(losses), expected, 1e-4)


@pytest.mark.parametrize("chunk", [None, 4])
@pytest.mark.parametrize("case", ["spherefacer_v2_none", "sphereface2_c"])
def test_zero_embeddings_and_zero_centers_get_no_gradient(case, chunk):
    embeddings, centers, labels = make_batch()
    embeddings[1] = 0
    centers[:, [labels[0], 5]] = 0
    head = build(case, class_chunk=chunk)
    head.centers.assign(centers)
    _, gradients = weighted_loss_and_gradients(head, embeddings, labels)
    assert all(np.isfinite(gradient).all() for gradient in gradients)
    np.testing.assert_array_equal(gradients[0][1], 0)
    np.testing.assert_array_equal(gradients[1][:, [labels[0], 5]], 0)


@pytest.mark.parametrize("chunk", [None, 4])
def test_says_how_near_the_true_class_is(chunk):
    embeddings, centers, labels = make_batch()
    head = build("spherefacer_v2_hard", class_chunk=chunk)
    head.centers.assign(centers)
    found = head.compute_outputs(embeddings, labels)
    cos_target, is_nearest, norms = (
        ops.convert_to_numpy(values)
        for values in (found.cos_target, found.is_nearest, found.norms)
    )
    for index, (x, y) in enumerate(
        zip(embeddings.astype("float64"), labels, strict=True)
    ):
        cosines = [
            x @ w / np.linalg.norm(x) / np.linalg.norm(w)
            for w in centers.T.astype("float64")
        ]
        assert cos_target[index] == pytest.approx(cosines[y], abs=1e-5)
        assert is_nearest[index] == (np.argmax(cosines) == y)
        assert norms[index] == pytest.approx(np.linalg.norm(x), rel=1e-5)


def make_recognizer(class_chunk, jit_compile=False, policy="float32"):
    keras.utils.set_random_seed(0)
    inputs = keras.Input((5,))
    keras.config.set_dtype_policy(policy)
    try:
        dense = keras.layers.Dense(EMBEDDING_DIM)
    finally:
        keras.config.set_dtype_policy("float32")
    embedder = keras.Model(inputs, dense(inputs))
    head = build("spherefacer_v2_soft", class_chunk=class_chunk)
    recognizer = FaceRecognizer(embedder, head)
    recognizer.compile(
        keras.optimizers.SGD(0.01, momentum=0.9), jit_compile=jit_compile
    )
    return recognizer


def make_faces():
    random = np.random.default_rng(0)
    labels = random.integers(0, NUM_CLASSES, 36).astype("int32")
    faces = random.normal(size=(NUM_CLASSES, 5))[labels]
    faces = faces + 0.1 * random.normal(size=(36, 5))
    return faces.astype("float32"), labels


@pytest.mark.parametrize(
    ("jit_compile", "policy"),
    [
        (False, "mixed_bfloat16"),
        pytest.param(True, "float32", marks=pytest.mark.slow),
    ],
)
def test_fit_is_that_of_the_dense_head(jit_compile, policy, tmp_path):
    if keras.backend.backend() == "torch" and jit_compile:
        pytest.skip("torch compiles for minutes")
    x, y = make_faces()
    weights = np.linspace(0.5, 1.5, 36).astype("float32")
    histories, models = [], []
    for chunk in (None, 4):
        model = make_recognizer(chunk, jit_compile, policy)
        fit = model.fit(
            x, y, 12, 2, sample_weight=weights, shuffle=False, verbose=0
        )
        histories.append(fit.history)
        models.append(model)
    for name, values in histories[0].items():
        np.testing.assert_allclose(histories[1][name], values, rtol=1e-4)
    models[1].save(tmp_path / "recognizer.keras")
    loaded = keras.saving.load_model(tmp_path / "recognizer.keras")
    assert loaded.head.class_chunk == 4
    np.testing.assert_array_equal(
        loaded.predict(x, verbose=0), models[1].predict(x, verbose=0)
    )


def test_a_functional_model_gets_losses():
    x, y = make_faces()
    inputs, labels = keras.Input((5,)), keras.Input((), dtype="int32")
    head = build("arcface", class_chunk=4)
    losses = head(keras.layers.Dense(EMBEDDING_DIM)(inputs), labels)
    assert losses.shape == (None,)
    model = keras.Model([inputs, labels], losses)
    model.compile(keras.optimizers.SGD(0.01), PrecomputedLoss())
    history = model.fit([x, y], y, 12, 4, shuffle=False, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    assert head(np.ones((2, EMBEDDING_DIM), "float32")).shape == (2, 9)


def test_auto_streams_where_logits_would_not_fit():
    embeddings, centers, labels = make_batch()
    head = build("cosface", class_chunk="auto")
    head.centers.assign(centers)
    dense = build("cosface")
    dense.centers.assign(centers)
    np.testing.assert_allclose(
        ops.convert_to_numpy(head.compute_outputs(embeddings, labels).losses),
        ops.convert_to_numpy(dense.compute_outputs(embeddings, labels).losses),
        rtol=1e-6,
    )


def test_a_head_that_needs_whole_rows_says_so():
    with pytest.raises(
        ValueError, match=r"`class_chunk` must be left out.*sub_centers=3"
    ):
        heads.get("subcenter_arcface", 9, class_chunk=4)


def test_a_loss_that_needs_logits_is_refused():
    head = build("cosface", class_chunk=4)
    inputs = keras.Input((5,))
    embedder = keras.Model(inputs, keras.layers.Dense(EMBEDDING_DIM)(inputs))
    with pytest.raises(ValueError, match="`loss` must be left out"):
        FaceRecognizer(embedder, head).compile(
            "sgd", loss="sparse_categorical_crossentropy"
        )
