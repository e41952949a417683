"""Sampled classes: what they cost in exactness, and what stays put."""

import keras
import numpy as np
import pytest
from gradients import value_and_gradients
from head_cases import make_head
from head_paths import step_of_recognizer
from keras import ops

from keras_sphereface import heads
from keras_sphereface.models import FaceRecognizer
from keras_sphereface.optimizers import ColumnOptimizer

NUM_CLASSES = 50
CASES = {
    "spherefacer": ("spherefacer", {"variant": "v2"}),
    "sphereface2": ("sphereface2", {}),
}


def make_batch():
    random = np.random.default_rng(0)
    embeddings = random.normal(size=(6, 7)).astype("float32")
    centers = random.normal(size=(7, NUM_CLASSES)).astype("float32")
    return embeddings, centers, np.array([0, 1, 49, 3, 3, 0], "int32")


def gradients(head, embeddings, labels):
    embeddings = keras.Variable(embeddings)

    def mean_loss():
        outputs = head.compute_outputs(
            ops.convert_to_tensor(embeddings), labels, training=True
        )
        return ops.mean(outputs.losses)

    loss, found = value_and_gradients(
        mean_loss, [embeddings, *head.trainable_weights]
    )
    return [loss, *found]


def build(case="spherefacer", **kwargs):
    return make_head(CASES[case], NUM_CLASSES, scale=8.0, **kwargs)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("case", "chunk"), [("spherefacer", None), ("sphereface2", 20)]
)
def test_on_average_over_draws_it_is_the_dense_head(case, chunk):
    embeddings, centers, labels = make_batch()
    head = build(case, sample_rate=0.6, class_chunk=chunk)
    dense = build(case)
    for each in (head, dense):
        each.centers.assign(centers)
    loss, d_embeddings, d_centers, *_ = gradients(dense, embeddings, labels)
    draws = []
    for draw in range(80):
        head.sample_draws.assign(draw)
        draws.append(gradients(head, embeddings, labels)[:3])
    # The sum is right on average, its logarithm leans a little. 80 draws: four
    # and a half standard errors, and 2 % of the largest entry for the lean.
    own = [0, 1, 3, 49]
    for expected, values in zip(
        (loss, d_embeddings, d_centers[:, own]),
        (
            [draw[0] for draw in draws],
            [draw[1] for draw in draws],
            [draw[2][:, own] for draw in draws],
        ),
        strict=True,
    ):
        error = np.abs(np.mean(values, axis=0) - expected)
        scatter = np.std(values, axis=0) / np.sqrt(len(values))
        lean = 0.02 * np.abs(expected).max()
        assert (error <= 4.5 * scatter + lean).all()


def test_keeps_every_class_of_the_batch_and_the_asked_share():
    embeddings, centers, labels = make_batch()
    head = build(sample_rate=0.2)
    head.centers.assign(centers)
    for draw in range(5):
        head.sample_draws.assign(draw)
        d_centers = gradients(head, embeddings, labels)[2]
        moved = np.flatnonzero((d_centers != 0).any(axis=0))
        assert set(labels) <= set(moved)
        assert len(moved) == 10  # 0.2 of 50


def test_draws_go_by_seed_and_count():
    embeddings, centers, labels = make_batch()

    def moved(seed, draw):
        head = build(sample_rate=0.2, sample_seed=seed)
        head.centers.assign(centers)
        head.sample_draws.assign(draw)
        d_centers = gradients(head, embeddings, labels)[2]
        return tuple(np.flatnonzero((d_centers != 0).any(axis=0)))

    assert moved(3, 0) == moved(3, 0)
    assert len({moved(3, 0), moved(3, 1), moved(4, 0)}) == 3


def test_at_rate_one_it_is_the_dense_head_to_the_bit():
    embeddings, centers, labels = make_batch()
    results = []
    for kwargs in ({}, {"sample_rate": 1.0}):
        head = build(**kwargs)
        head.centers.assign(centers)
        results.append(gradients(head, embeddings, labels))
    for own, other in zip(*results, strict=True):
        np.testing.assert_array_equal(own, other)


def test_in_evaluation_all_classes_count():
    embeddings, centers, labels = make_batch()
    losses = []
    for kwargs in ({}, {"sample_rate": 0.2}):
        head = build(**kwargs)
        head.centers.assign(centers)
        outputs = head.compute_outputs(embeddings, labels)
        losses.append(ops.convert_to_numpy(outputs.losses))
    np.testing.assert_array_equal(*losses)


def make_recognizer(optimizer, sample_rate=0.1):
    keras.utils.set_random_seed(0)
    inputs = keras.Input((5,))
    embedder = keras.Model(inputs, keras.layers.Dense(7)(inputs))
    recognizer = FaceRecognizer(embedder, build(sample_rate=sample_rate))
    recognizer.compile(optimizer)
    return recognizer


def make_faces():
    random = np.random.default_rng(0)
    labels = np.arange(12, dtype="int32") % 4
    faces = random.normal(size=(4, 5))[labels]
    return faces.astype("float32"), labels


@pytest.mark.parametrize("name", ["sgd", "adamw"])
def test_centers_not_sampled_stay_put_under_momentum_and_decay(name):
    optimizer = {
        "sgd": keras.optimizers.SGD(0.05, momentum=0.9, weight_decay=0.01),
        "adamw": keras.optimizers.AdamW(0.01, weight_decay=0.01),
    }[name]
    recognizer = make_recognizer(optimizer)
    faces, labels = make_faces()
    start = ops.convert_to_numpy(recognizer.head.centers).copy()
    before, ever = start, np.zeros(NUM_CLASSES, bool)
    for _ in range(4):
        recognizer.fit(faces, labels, 12, verbose=0)
        now = ops.convert_to_numpy(recognizer.head.centers).copy()
        moved = (now != before).any(axis=0)
        # The share, but no fewer than the batch.
        assert moved.sum() == 12
        assert moved[:4].all()
        ever |= moved
        before = now
    assert 12 < ever.sum() < NUM_CLASSES
    np.testing.assert_array_equal(now[:, ~ever], start[:, ~ever])


def softmax_loop(embeddings, centers, labels, classes, scale=8.0, margin=1.4):
    """Mean loss of SphereFace-R v2, weight 1, over some of the classes."""
    losses = []
    for x, y in zip(embeddings.astype("float64"), labels, strict=True):
        logits = {}
        for j in classes:
            w = centers[:, j].astype("float64")
            cosine = x @ w / np.linalg.norm(x) / np.linalg.norm(w)
            angle = np.arccos(cosine)
            logits[j] = scale * (cosine if j == y else np.cos(angle / margin))
        total = sum(np.exp(z) for z in logits.values())
        losses.append(np.log(total) - logits[y])
    return np.mean(losses)


@pytest.mark.parametrize("chunk", [None, 7])
def test_a_batch_of_more_classes_than_are_drawn_has_them_alone(chunk):
    random = np.random.default_rng(1)
    labels = random.permutation(NUM_CLASSES)[:12].astype("int32")
    embeddings = random.normal(size=(12, 7)).astype("float32")
    centers = make_batch()[1]
    # 0.1 of 50 are 5, and the batch has 12 classes.
    head = build(sample_rate=0.1, class_chunk=chunk, loss_weight=8.0)
    head.centers.assign(centers)
    step = step_of_recognizer(head, embeddings, labels)
    own = softmax_loop(embeddings, centers, labels, labels)
    every = softmax_loop(embeddings, centers, labels, range(NUM_CLASSES))
    assert step.loss == pytest.approx(own, rel=1e-5)
    assert step.evaluated == pytest.approx(every, rel=1e-5)
    assert every > 1.2 * own


def test_batches_of_unknown_size_may_have_more_classes_than_are_drawn():
    recognizer = make_recognizer(keras.optimizers.SGD(0.0), sample_rate=0.02)
    random = np.random.default_rng(0)
    faces = random.normal(size=(13, 5)).astype("float32")
    labels = np.arange(13, dtype="int32")
    # A last batch of 3: on TensorFlow the step is made for any size.
    history = recognizer.fit(faces, labels, 5, shuffle=False, verbose=0).history
    assert np.isfinite(history["loss"]).all()


def test_learns_saves_and_resumes(tmp_path):
    recognizer = make_recognizer(keras.optimizers.SGD(0.05, momentum=0.9))
    faces, labels = make_faces()
    losses = recognizer.fit(faces, labels, 6, 6, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    recognizer.save(tmp_path / "recognizer.keras")
    loaded = keras.saving.load_model(tmp_path / "recognizer.keras")
    assert isinstance(loaded.optimizer, ColumnOptimizer)
    for each in (recognizer, loaded):
        each.fit(faces, labels, 6, shuffle=False, verbose=0)
    for own, other in zip(
        recognizer.get_weights(), loaded.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(own, other)


def test_a_head_that_needs_whole_rows_says_so():
    with pytest.raises(
        ValueError,
        match=r"`sample_rate` must be left out: RowHead sees whole",
    ):
        heads.RowHead(9, sample_rate=0.5)


def test_accumulation_is_refused():
    optimizer = keras.optimizers.SGD(0.1, gradient_accumulation_steps=2)
    with pytest.raises(ValueError, match="`gradient_accumulation_steps`"):
        make_recognizer(optimizer)
