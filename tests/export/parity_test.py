import keras
import numpy as np
import pytest

from keras_sphereface.contract import FaceInput
from keras_sphereface.export import ExportError
from keras_sphereface.export.parity import (
    compare_embeddings,
    compare_on_pairs,
    exceeded_bounds,
    keras_embeddings,
    median_latency,
    probe_images,
)
from keras_sphereface.pairs import PairSet

AXES = np.eye(2, dtype=np.float32)
EQUAL = {"worst_cosine": 1.0, "mean_cosine": 1.0, "score_error": 0.0}


def test_probes_are_pixels_of_the_right_size_and_always_the_same():
    probes = probe_images(FaceInput(height=64, width=48))
    assert probes.shape == (4, 64, 48, 3)
    assert probes.dtype == np.float32
    assert probes.min() >= 0
    assert probes.max() <= 255
    again = probe_images(FaceInput(height=64, width=48))
    np.testing.assert_array_equal(probes, again)
    assert len(np.unique(probes, axis=0)) == 4


def test_equal_embeddings_have_no_error():
    assert compare_embeddings(AXES, AXES) == EQUAL


def test_errors_are_those_computed_by_hand():
    # The second embedding is turned by 60 degrees: its cosine to Keras's is
    # cos 60, its score with the first rises from 0 to sin 60.
    turned = [[1, 0], [np.sin(np.pi / 3), np.cos(np.pi / 3)]]
    found = compare_embeddings(AXES, turned)
    assert found["worst_cosine"] == pytest.approx(0.5)
    assert found["mean_cosine"] == pytest.approx(0.75)
    assert found["score_error"] == pytest.approx(np.sqrt(3) / 2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"worst_cosine": 0.9999}, "cosine 0.9999 to Keras's, and 0.99999"),
        ({"worst_cosine": np.nan}, "cosine nan"),
        ({"score_error": 0.001}, "score changes by 0.001, and 0.0001"),
        ({"score_error": np.nan}, "score changes by nan"),
    ],
)
def test_a_bound_that_is_exceeded_is_named(change, message):
    assert exceeded_bounds("float32", EQUAL) == []
    (found,) = exceeded_bounds("float32", {**EQUAL, **change})
    assert message in found


def measured(count, accuracy, tar):
    return {
        "count": count,
        "genuine": count // 2,
        "far": 0.01,
        "keras": {"accuracy": accuracy[0], "tar": tar[0]},
        "artifact": {"accuracy": accuracy[1], "tar": tar[1]},
    }


def test_losses_on_pairs_are_bounded_and_gains_are_not():
    def exceeded(*args):
        return exceeded_bounds("int8", EQUAL, measured(*args))

    assert exceeded(6000, (0.9, 0.896), (0.8, 0.786)) == []
    assert exceeded(6000, (0.9, 0.99), (0.8, 0.99)) == []
    assert exceeded(6000, (None, None), (None, None)) == []
    # Two pairs of forty may turn.
    assert exceeded(40, (0.9, 0.86), (0.8, 0.71)) == []
    accuracy, tar = exceeded(6000, (0.9, 0.894), (0.8, 0.78))
    assert "accuracy on pairs falls from 90.00% to 89.40%" in accuracy
    assert "tar on pairs falls from 80.00% to 78.00%" in tar


def test_accuracy_on_pairs_is_that_of_each_model(embedder, faces):
    labels = np.repeat(np.arange(12), 2)
    images = faces.copy()
    images[1::2] = images[::2]  # every person has one image twice
    pairs = PairSet.sample(images, labels, num_folds=2, pairs_per_fold=12)

    def blind(images):
        return np.ones((len(images), 4), np.float32)

    found = compare_on_pairs(embedder, blind, pairs)
    assert found["count"] == 24
    assert found["genuine"] == 12
    assert found["keras"]["accuracy"] == 1
    assert found["artifact"]["accuracy"] == 0.5
    # Ones always score 1; Keras scores least where two people differ most.
    unit = embedder.predict_on_batch(images)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    least = min(
        unit[a] @ unit[b]
        for a, b in zip(pairs.index_a, pairs.index_b, strict=True)
    )
    assert found["score_error"] == pytest.approx(1 - least, abs=1e-5)
    assert found["keras"]["tar"] is None  # 12 impostors cannot measure 1 %


def test_latency_is_in_milliseconds():
    calls = []
    found = median_latency(calls.append, np.zeros((2, 2, 3)), rounds=3)
    assert len(calls) == 4
    assert calls[0].shape == (1, 2, 2, 3)
    assert 0 < found < 100


@pytest.mark.parametrize(
    ("weight", "fault"), [(0, "all zeros"), (np.nan, "NaN or infinity")]
)
def test_an_embedder_without_directions_is_an_error(weight, fault):
    embedder = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            keras.layers.Flatten(),
            keras.layers.Dense(
                4, kernel_initializer=keras.initializers.Constant(weight)
            ),
        ]
    )
    probes = probe_images(FaceInput(height=8, width=8))
    with pytest.raises(ExportError, match=rf"not exported.*{fault}"):
        keras_embeddings(embedder, probes)
