import numpy as np
import pytest

from keras_sphereface.contract import FaceInput, ImageError
from keras_sphereface.evaluation import PairSet, score_pairs

PAIRS = {
    "index_a": [0, 0, 3, 6],
    "index_b": [1, 2, 4, 5],
    "is_same": [True, False, True, False],
    "folds": [0, 0, 1, 1],
}


def make_pairs():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (7, 4, 4, 3), dtype=np.uint8)
    return PairSet(images, **PAIRS)


def embed(images):
    return np.asarray(images, "float64").reshape(len(images), -1)[:, :24] - 127


def naive_scores(pairs, flip):
    scores = []
    for a, b in zip(pairs.index_a, pairs.index_b, strict=True):
        vectors = []
        for index in (a, b):
            image = pairs.images[index]
            vector = embed(image[None])[0]
            vector = vector / np.sqrt(np.sum(vector**2))
            if flip:
                mirrored = embed(image[:, ::-1][None])[0]
                vector = vector + mirrored / np.sqrt(np.sum(mirrored**2))
            vectors.append(vector / np.sqrt(np.sum(vector**2)))
        scores.append(sum(vectors[0] * vectors[1]))
    return scores


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("batch_size", [1, 3, 64])
def test_scores_equal_a_loop_over_pairs(flip, batch_size):
    pairs = make_pairs()
    scores = score_pairs(embed, pairs, flip=flip, batch_size=batch_size)
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, naive_scores(pairs, flip), atol=1e-6)


@pytest.mark.parametrize(("flip", "views"), [(False, 1), (True, 2)])
def test_every_image_is_embedded_once_a_view(flip, views):
    seen = []

    def counting_embed(images):
        assert images.dtype == np.uint8
        seen.append(len(images))
        return embed(images)

    score_pairs(counting_embed, make_pairs(), flip=flip, batch_size=3)
    assert sum(seen) == 7 * views
    assert max(seen) == 3


@pytest.mark.parametrize(
    ("fault", "message"),
    [(0.0, "is all zeros"), (np.nan, "holds NaN")],
)
@pytest.mark.parametrize("flip", [False, True])
def test_an_image_without_a_usable_embedding_is_named(fault, message, flip):
    pairs = make_pairs()
    pairs.images[4] = 255

    def faulty_embed(images):
        embeddings = embed(images)
        embeddings[images.min(axis=(1, 2, 3)) == 255] = fault
        return embeddings

    with pytest.raises(ValueError, match=f"image 4 {message}"):
        score_pairs(faulty_embed, pairs, flip=flip, batch_size=2)


def test_an_embedder_that_drops_rows_is_refused():
    with pytest.raises(ValueError, match="1 embeddings of 7 images"):
        score_pairs(lambda images: embed(images)[:1], make_pairs(), flip=False)
    with pytest.raises(ValueError, match=r"embeddings\.shape=\(7, 2, 12\)"):
        score_pairs(
            lambda images: embed(images).reshape(-1, 2, 12), make_pairs()
        )


def test_images_of_the_wrong_size_are_refused_before_they_are_embedded():
    with pytest.raises(ImageError, match=r"112x112.*4x4"):
        score_pairs(embed, make_pairs(), face_input=FaceInput())


def test_the_progress_bar_shows_only_on_request(capsys):
    quiet = score_pairs(embed, make_pairs(), batch_size=3)
    assert capsys.readouterr().err == ""
    shown = score_pairs(embed, make_pairs(), batch_size=3, progress=True)
    assert "3/3" in capsys.readouterr().err
    np.testing.assert_array_equal(shown, quiet)
