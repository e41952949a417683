import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from keras_sphereface.contract import (
    EmbeddingError,
    cosine_similarity,
    flip_fusion,
    unit_embeddings,
)

# Fixed examples; no deadline, as a busy machine would miss it.
checked = settings(
    derandomize=True,
    deadline=None,
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow],
)
# Rows that have a direction: one entry at least is well away from zero.
embedding_pairs = hnp.arrays(
    np.float64, (2, 5, 4), elements=st.floats(-1e3, 1e3)
).filter(lambda pair: np.abs(pair).max(axis=-1).min() > 1e-3)


def naive_cosine(a, b):
    dot = sum(float(x) * float(y) for x, y in zip(a, b, strict=True))
    norms = math.hypot(*a) * math.hypot(*b)
    return dot / norms


def pixel_embed(images):
    """Not symmetric under mirroring: left and right columns differ."""
    images = np.asarray(images, "float64")
    return images.reshape(len(images), -1)[:, :24] + 1.0


def test_unit_embeddings_match_hand_computed_rows():
    unit = unit_embeddings(np.array([[3.0, 4.0], [0.0, -2.0]]))
    assert unit.dtype == np.float32
    np.testing.assert_allclose(unit, [[0.6, 0.8], [0.0, -1.0]], rtol=1e-7)


def test_unit_embeddings_survive_extreme_norms():
    # Float32 squares would overflow and underflow here.
    rows = np.array([[3e30, 4e30], [3e-40, 4e-40]])
    np.testing.assert_allclose(
        unit_embeddings(rows), [[0.6, 0.8], [0.6, 0.8]], rtol=1e-6
    )


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (0.0, "row 2 is all zeros"),
        (np.nan, "row 2 holds NaN"),
        (-np.inf, "row 2 holds NaN or infinity"),
    ],
)
def test_names_the_row_without_direction(fault, message):
    embeddings = np.ones((4, 3), "float32")
    embeddings[2] = fault
    with pytest.raises(ValueError, match=message):
        unit_embeddings(embeddings)
    with pytest.raises(ValueError, match=message):
        cosine_similarity(np.ones((4, 3)), embeddings)
    with pytest.raises(ValueError, match="carol"):
        unit_embeddings(embeddings, names=["alice", "bob", "carol", "dave"])


@pytest.mark.parametrize(
    ("fault", "is_finite"), [(0.0, True), (np.nan, False), (np.inf, False)]
)
def test_an_error_tells_zeros_from_what_is_not_finite(fault, is_finite):
    with pytest.raises(EmbeddingError) as caught:
        unit_embeddings([[1.0, 2.0], [fault, fault]])
    assert caught.value.is_finite is is_finite


def test_one_nan_among_numbers_is_found():
    with pytest.raises(ValueError, match="row 0 holds NaN"):
        unit_embeddings([[1.0, np.nan, 2.0]])


@checked
@given(embedding_pairs)
def test_cosine_equals_a_naive_loop(pair):
    a, b = pair
    expected = [naive_cosine(x, y) for x, y in zip(a, b, strict=True)]
    scores = cosine_similarity(a, b)
    assert scores.dtype == np.float32
    # Half a float32 step at 1 is 3e-8.
    np.testing.assert_allclose(scores, expected, atol=1e-7)


@checked
@given(embedding_pairs)
def test_cosine_is_symmetric_to_the_last_bit(pair):
    a, b = pair
    np.testing.assert_array_equal(
        cosine_similarity(a, b), cosine_similarity(b, a)
    )


@checked
@given(embedding_pairs, st.floats(1e-6, 1e6))
def test_cosine_ignores_the_norm(pair, factor):
    a, b = pair
    np.testing.assert_allclose(
        cosine_similarity(factor * a, b), cosine_similarity(a, b), atol=1e-7
    )


@checked
@given(embedding_pairs)
def test_cosine_stays_within_minus_one_and_one(pair):
    a, _ = pair
    np.testing.assert_allclose(cosine_similarity(a, a), 1.0, atol=1e-7)
    assert cosine_similarity(a, a).max() <= 1.0
    assert cosine_similarity(a, -a).min() >= -1.0


def test_cosine_of_single_embeddings():
    score = cosine_similarity(np.array([1.0, 0.0]), np.array([1.0, 1.0]))
    assert np.ndim(score) == 0
    assert score == pytest.approx(math.cos(math.pi / 4), abs=1e-7)
    one_to_many = cosine_similarity([0.0, 1.0], [[1.0, 0.0], [0.0, 5.0]])
    np.testing.assert_allclose(one_to_many, [0.0, 1.0])


@pytest.mark.parametrize(
    ("shape_a", "shape_b"),
    [((2, 3), (3, 3)), ((2, 3), (2, 4)), ((2, 3, 1), (2, 3, 1)), ((), (3,))],
)
def test_cosine_refuses_shapes_that_do_not_match(shape_a, shape_b):
    with pytest.raises(ValueError, match=r"Received: a\.shape=.*b\.shape="):
        cosine_similarity(np.ones(shape_a), np.ones(shape_b))


def test_torch_tensors_with_gradients_are_welcome():
    torch = pytest.importorskip("torch")
    rows = torch.tensor([[3.0, 4.0]], requires_grad=True)
    np.testing.assert_allclose(unit_embeddings(rows), [[0.6, 0.8]], rtol=1e-6)
    half = torch.tensor([[3.0, 4.0]], dtype=torch.bfloat16)
    np.testing.assert_allclose(unit_embeddings(half), [[0.6, 0.8]], rtol=1e-6)


def test_flip_fusion_equals_a_naive_sum_of_both_views():
    images = np.random.default_rng(0).integers(0, 256, (3, 4, 4, 3))
    fused = flip_fusion(pixel_embed, images)
    for image, row in zip(images, fused, strict=True):
        mirrored = np.array([line[::-1] for line in image])
        straight = pixel_embed(image[None])[0]
        flipped = pixel_embed(mirrored[None])[0]
        total = straight / math.hypot(*straight)
        total += flipped / math.hypot(*flipped)
        np.testing.assert_allclose(row, total / math.hypot(*total), atol=1e-6)


@checked
@given(hnp.arrays(np.uint8, (2, 3, 4, 3), elements=st.integers(0, 255)))
def test_flip_fusion_cannot_tell_an_image_from_its_mirror_image(images):
    np.testing.assert_allclose(
        flip_fusion(pixel_embed, images),
        flip_fusion(pixel_embed, images[:, :, ::-1]),
        atol=1e-7,
    )


def test_flip_fusion_is_the_same_for_an_artifact_with_unit_embeddings():
    # The mirrored half has another norm: a sum of raw embeddings would differ.
    images = np.random.default_rng(1).integers(0, 256, (3, 4, 4, 3))
    images[:, :, 2:] //= 8
    np.testing.assert_allclose(
        flip_fusion(pixel_embed, images),
        flip_fusion(lambda x: unit_embeddings(pixel_embed(x)), images),
        atol=1e-6,
    )


def test_flip_fusion_refuses_an_embedder_that_drops_rows():
    images = np.ones((3, 4, 4, 3), "uint8")
    with pytest.raises(ValueError, match="2 embeddings of 3 images"):
        flip_fusion(lambda x: pixel_embed(x)[:2], images)
    with pytest.raises(ValueError, match=r"images\.shape=\(4, 4, 3\)"):
        flip_fusion(pixel_embed, images[0])


def test_flip_fusion_names_an_image_whose_views_cancel():
    def embed(images):
        side = images[:, 0, 0, 0].astype(float) - images[:, 0, -1, 0]
        return np.stack([side, 0 * side], axis=1)

    images = np.zeros((1, 2, 2, 3), "uint8")
    images[:, :, 0] = 200
    with pytest.raises(ValueError, match="dora is all zeros"):
        flip_fusion(embed, images, names=["dora"])
