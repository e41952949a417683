"""What a head of pairs says of a batch, worked by hand."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_sphereface.heads import PairHead
from keras_sphereface.models import FaceRecognizer


class ScoreHead(PairHead):
    """The sum of its negative scores, less that of the positive ones."""

    def pair_scores(self, embeddings, others):
        return ops.matmul(embeddings, ops.transpose(others))

    def pair_losses(self, scores, is_positive, is_negative):
        signs = ops.cast(is_negative, "float32") - ops.cast(
            is_positive, "float32"
        )
        return ops.sum(signs * scores, axis=1)


def build(margin=0.0, **kwargs):
    head = ScoreHead(4, **{"bank_size": 3, **kwargs})
    head.build((None, 2))
    head.margin = margin
    return head


# Two of person 0 at right angles, one of person 1 between them, twice as long.
EMBEDDINGS = np.float32([[1, 0], [0, 1], [2, 2]])
LABELS = np.int32([0, 0, 1])


def test_a_sample_is_not_compared_with_itself_nor_with_an_empty_place():
    head = build()
    losses = head(EMBEDDINGS, LABELS)
    np.testing.assert_allclose(ops.convert_to_numpy(losses), [2, 2, 4])
    head.bank.add(np.float32([[5, 0]]), np.int32([0]))
    losses = head(EMBEDDINGS, LABELS)
    np.testing.assert_allclose(ops.convert_to_numpy(losses), [-3, 2, 14])


def test_metrics_go_by_the_nearest_and_by_the_mean_angle():
    head = build()
    outputs = head.compute_outputs(EMBEDDINGS, LABELS)
    # Nobody is as near as the person between them; who is alone has no angle.
    assert not ops.convert_to_numpy(outputs.is_nearest).any()
    np.testing.assert_allclose(
        ops.convert_to_numpy(outputs.cos_target), [0, 0, 0], atol=1e-6
    )
    head.bank.add(np.float32([[3, 0.3]]), np.int32([0]))
    outputs = head.compute_outputs(EMBEDDINGS, LABELS)
    nearest = ops.convert_to_numpy(outputs.is_nearest).tolist()
    assert nearest == [True, False, False]
    cosine = 3 / np.hypot(3, 0.3)
    np.testing.assert_allclose(
        ops.convert_to_numpy(outputs.cos_target),
        [cosine / 2, np.sqrt(1 - cosine**2) / 2, 0],
        atol=1e-6,
    )
    np.testing.assert_allclose(
        ops.convert_to_numpy(outputs.norms), [1, 1, np.sqrt(8)], rtol=1e-6
    )
    assert outputs.logits is None
    assert tuple(outputs.cos_theta.shape) == (3, 6)


@pytest.mark.parametrize(("margin", "is_past"), [(0.4, True), (0.6, False)])
def test_past_the_margin_is_above_by_it_on_both_sides(margin, is_past):
    head = build(margin)
    head.bank.add(np.float32([[3, 0]]), np.int32([0]))
    outputs = head.compute_outputs(EMBEDDINGS, LABELS)
    # The first scores 3 with its own in the bank, and 2 with the other person.
    assert bool(ops.convert_to_numpy(outputs.is_past_margin)[0]) == is_past


def test_the_bank_moves_in_training_only():
    head = build()
    head(EMBEDDINGS, LABELS)
    assert ops.convert_to_numpy(head.bank.labels).tolist() == [-1, -1, -1]
    head(EMBEDDINGS, LABELS, training=True)
    assert ops.convert_to_numpy(head.bank.labels).tolist() == [0, 0, 1]


@pytest.mark.skipif(
    keras.backend.backend() == "jax", reason="the error comes from a callback"
)
def test_wrong_labels_are_refused():
    with pytest.raises(ValueError, match=r"`labels` must be in \[0, 4\)"):
        build()(EMBEDDINGS, np.int32([0, 1, 4]))


def test_soft_labels_are_refused():
    with pytest.raises(ValueError, match=r"one person or of two.*\(3, 4\)"):
        build()(EMBEDDINGS, np.full((3, 4), 0.25, "float32"))


def make_recognizer():
    inputs = keras.Input((2,))
    embedder = keras.Model(inputs, keras.layers.Dense(2)(inputs))
    return FaceRecognizer(embedder, ScoreHead(4, bank_size=3))


def test_a_recognizer_refuses_a_loss_that_needs_logits():
    with pytest.raises(ValueError, match="`loss` must be left out"):
        make_recognizer().compile("sgd", "sparse_categorical_crossentropy")


def test_config_round_trip():
    head = ScoreHead(4, bank_size=3, name="given")
    rebuilt = ScoreHead.from_config(head.get_config())
    assert rebuilt.get_config() == head.get_config()
    assert (rebuilt.num_classes, rebuilt.bank_size) == (4, 3)


def test_without_a_formula_it_says_what_to_override():
    head = PairHead(4)
    head.build((None, 2))
    with pytest.raises(TypeError, match="override `pair_scores`"):
        head(EMBEDDINGS, LABELS)
    with pytest.raises(TypeError, match="override `pair_losses`"):
        head.pair_losses(None, None, None)
