"""What AdaFace, CurricularFace and ElasticFace keep from batch to batch."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_sphereface import heads
from keras_sphereface.models import FaceRecognizer

STATISTICS = {
    "adaface": ("norm_mean", "norm_std"),
    "curricularface": ("hardness",),
    "elastic_arcface": ("draws",),
}


def make_recognizer(name, **kwargs):
    keras.utils.set_random_seed(0)
    inputs = keras.Input((6,))
    embedder = keras.Model(inputs, keras.layers.Dense(4)(inputs))
    recognizer = FaceRecognizer(embedder, heads.get(name, 5, **kwargs))
    recognizer.compile(keras.optimizers.SGD(0.0))
    return recognizer


def make_batch():
    random = np.random.default_rng(0)
    x = 9 * random.normal(size=(16, 6)).astype("float32")
    return x, random.integers(0, 5, 16).astype("int32")


def statistics(recognizer, name):
    head = recognizer.head
    return [float(getattr(head, each)) for each in STATISTICS[name]]


@pytest.mark.parametrize("name", sorted(STATISTICS))
def test_move_in_training_only(name):
    recognizer = make_recognizer(name)
    x, y = make_batch()
    before = statistics(recognizer, name)
    recognizer.evaluate(x, y, verbose=0)
    recognizer.predict(x, verbose=0)
    recognizer.head(recognizer.embedder(x), y)
    assert statistics(recognizer, name) == before
    recognizer.fit(x, y, batch_size=16, verbose=0)
    after = statistics(recognizer, name)
    assert all(a != b for a, b in zip(after, before, strict=True))


@pytest.mark.parametrize("name", sorted(STATISTICS))
def test_move_in_a_functional_model(name):
    embeddings, labels = keras.Input((6,)), keras.Input((), dtype="int32")
    head = heads.get(name, 5)
    model = keras.Model([embeddings, labels], head(embeddings, labels))
    model.compile(
        keras.optimizers.SGD(0.0),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    x, y = make_batch()
    statistic = getattr(head, STATISTICS[name][0])
    before = float(statistic)
    model.evaluate([x, y], y, verbose=0)
    assert float(statistic) == before
    model.fit([x, y], y, verbose=0)
    assert float(statistic) != before


def test_adaface_keeps_moving_averages_of_clipped_norms():
    recognizer = make_recognizer("adaface", momentum=0.25)
    x, y = make_batch()
    x[0] *= 1000  # its norm counts as 100
    recognizer.fit(x, y, batch_size=16, epochs=2, verbose=0)
    embeddings = recognizer.predict(x, verbose=0).astype("float64")
    norms = np.clip(np.sqrt((embeddings**2).sum(axis=1)), 0.001, 100)
    assert norms.max() == 100
    mean, std = 20.0, 100.0
    for _ in range(2):
        mean = 0.75 * mean + 0.25 * norms.mean()
        std = 0.75 * std + 0.25 * norms.std(ddof=1)
    np.testing.assert_allclose(
        statistics(recognizer, "adaface"), [mean, std], rtol=1e-5
    )


def test_adaface_of_one_sample_stays_finite():
    recognizer = make_recognizer("adaface", momentum=1.0)
    x, y = make_batch()
    recognizer.fit(x[:1], y[:1], verbose=0)
    assert statistics(recognizer, "adaface")[1] == 0.0
    losses = recognizer.fit(x[:1], y[:1], verbose=0).history["loss"]
    assert np.isfinite(losses).all()


def test_curricularface_keeps_the_mean_target_cosine():
    recognizer = make_recognizer("curricularface", momentum=0.5)
    x, y = make_batch()
    recognizer.fit(x, y, batch_size=16, epochs=2, verbose=0)
    embeddings = recognizer.predict(x, verbose=0).astype("float64")
    centers = ops.convert_to_numpy(recognizer.head.centers).astype("float64")
    cosines = [
        e @ centers[:, j] / np.linalg.norm(e) / np.linalg.norm(centers[:, j])
        for e, j in zip(embeddings, y, strict=True)
    ]
    np.testing.assert_allclose(
        statistics(recognizer, "curricularface"),
        [0.75 * np.mean(cosines)],
        rtol=1e-5,
    )


def drawn_margins(head, batches=1):
    """Margins of samples at 90°, read off CosFace's logits."""
    rows = []
    for _ in range(batches):
        values = head.margined_cosines(
            ops.zeros((400, 5)),
            ops.zeros((400,), "int32"),
            ops.ones((400, 1)),
            training=True,
        )
        rows.append(-ops.convert_to_numpy(values)[:, 0])
    return np.array(rows)


def test_elasticface_draws_new_normal_margins_for_each_batch():
    head = heads.ElasticCosFaceHead(5, margin=0.35, deviation=0.05)
    head.build((None, 4))
    margins = drawn_margins(head, batches=5)
    assert margins.mean() == pytest.approx(0.35, abs=0.005)
    assert margins.std() == pytest.approx(0.05, abs=0.003)
    assert np.abs(margins[0] - margins[1]).max() > 0.05
    assert float(head.draws) == 5
    again = heads.ElasticCosFaceHead(5, margin=0.35, deviation=0.05)
    again.build((None, 4))
    again.draws.assign(3)
    np.testing.assert_array_equal(drawn_margins(again)[0], margins[3])
    other = heads.ElasticCosFaceHead(5, margin=0.35, deviation=0.05, seed=1)
    other.build((None, 4))
    assert np.abs(drawn_margins(other)[0] - margins[0]).max() > 0.05


def test_elasticface_never_draws_below_0_and_evaluates_at_the_mean():
    head = heads.ElasticCosFaceHead(5, margin=0.1, deviation=1.0)
    head.build((None, 4))
    margins = drawn_margins(head)
    assert margins.min() == 0.0
    assert margins.max() > 1.0
    values = head.margined_cosines(
        ops.zeros((3, 5)), ops.zeros((3,), "int32"), ops.ones((3, 1))
    )
    np.testing.assert_allclose(
        ops.convert_to_numpy(values)[:, 0], -0.1, rtol=1e-6
    )
