import numpy as np
import pytest

from keras_sphereface.evaluation import identify, pool_templates, verify_scores


def naive_pool(embeddings, templates, media, weighting):
    """One template after the other, in float64 loops."""
    pooled = {}
    for template in sorted(set(templates)):
        total = np.zeros(embeddings.shape[1])
        of_template = [i for i, t in enumerate(templates) if t == template]
        for medium in {media[i] for i in of_template}:
            rows = [
                np.array(embeddings[i], "float64")
                for i in of_template
                if media[i] == medium
            ]
            if weighting == "mean":
                rows = [row / np.sqrt(sum(row**2)) for row in rows]
            total += sum(rows) / len(rows)
        pooled[template] = total / np.sqrt(sum(total**2))
    return pooled


def make_images(num_images=120, dim=6):
    rng = np.random.default_rng(0)
    return (
        rng.normal(size=(num_images, dim)).astype("float32")
        * rng.uniform(0.2, 30, (num_images, 1)).astype("float32"),
        rng.integers(0, 15, num_images) * 7,
        rng.integers(0, 4, num_images),
    )


@pytest.mark.parametrize("weighting", ["mean", "norm"])
def test_equals_a_loop_over_templates_and_media(weighting):
    embeddings, templates, media = make_images()
    found = pool_templates(embeddings, templates, media, weighting=weighting)
    expected = naive_pool(
        embeddings, templates.tolist(), media.tolist(), weighting
    )
    assert found.ids.tolist() == list(expected)
    np.testing.assert_allclose(
        found.embeddings, list(expected.values()), atol=1e-12
    )


def test_detector_scores_weigh_images_within_their_media():
    # In one video a sure frame counts ten times an unsure one.
    rows = np.array([[3.0, 0.0], [0.0, 3.0]])
    arguments = {"template_ids": [1, 1], "detector_scores": [1.0, 0.1]}
    found = pool_templates(rows, media_ids=[5, 5], **arguments)
    expected = np.array([[1.0, 0.1]]) / 1.01**0.5
    np.testing.assert_allclose(found.embeddings, expected, atol=1e-12)
    # As stills they weigh the same, and norms multiply.
    rows[1] *= 10
    found = pool_templates(rows, media_ids=[5, 6], **arguments)
    np.testing.assert_allclose(found.embeddings, expected, atol=1e-12)
    found = pool_templates(
        rows, media_ids=[5, 6], weighting="norm", **arguments
    )
    np.testing.assert_allclose(found.embeddings, [[0.5**0.5] * 2], atol=1e-12)


def test_blocks_make_no_difference(monkeypatch):
    embeddings, templates, media = make_images()
    scores = np.random.default_rng(1).random(len(embeddings))
    arguments = (embeddings, templates, media)
    whole = pool_templates(*arguments, detector_scores=scores)
    monkeypatch.setattr("keras_sphereface.evaluation.templates.BLOCK", 5)
    parts = pool_templates(*arguments, detector_scores=scores)
    np.testing.assert_allclose(
        parts.embeddings, whole.embeddings, rtol=0, atol=1e-15
    )


def test_a_long_video_weighs_no_more_than_a_still():
    # 99 frames to the east and one still to the north: northeast.
    rows = np.array([[2.0, 0.0]] * 99 + [[0.0, 2.0]])
    media = [5] * 99 + [6]
    found = pool_templates(rows, [1] * 100, media)
    np.testing.assert_allclose(found.embeddings, [[0.5**0.5] * 2], atol=1e-6)
    # By norms a still of norm 6 counts three times a video of norm 2.
    rows[99] *= 3
    found = pool_templates(rows, [1] * 100, media, weighting="norm")
    np.testing.assert_allclose(
        found.embeddings, [[0.1**0.5, 0.9**0.5]], atol=1e-6
    )


def test_templates_are_verified_and_identified():
    rng = np.random.default_rng(1)
    people = np.repeat(np.arange(40), 2)  # of 80 templates
    centers = rng.normal(size=(40, 16))
    templates = np.repeat(np.arange(80), 5)
    images = centers[people[templates]] + 0.8 * rng.normal(size=(400, 16))
    pooled = pool_templates(images, templates, np.arange(400))
    a, b = np.triu_indices(80, 1)
    is_same = people[a] == people[b]
    scores = pooled.score(a, b, block=77)
    np.testing.assert_allclose(
        scores,
        np.sum(pooled.embeddings[a] * pooled.embeddings[b], axis=1),
        atol=1e-6,
    )
    report = verify_scores(
        scores=scores,
        is_same=is_same,
        people=np.stack([people[a], people[b]], axis=1),
        fars=(0.02,),
    )
    assert report.tar_at_far[0.02] > 0.9
    found = identify(
        pooled.embeddings[0::2],
        people[0::2],
        pooled.embeddings[1::2],
        people[1::2],
        fpirs=(),
    )
    assert found.rank_rates[1] > 0.9


EMBEDDINGS = np.eye(3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weighting": "sum"}, r"\['mean', 'norm'\].*'sum'"),
        ({"weighting": "norm"}, "all of these have norm 1"),
        ({"template_ids": [1, 2]}, r"\(2,\) with 3 embeddings"),
        ({"media_ids": [0.5] * 3}, "`media_ids`.*float64"),
        ({"embeddings": EMBEDDINGS[0]}, r"`embeddings`.*\(3,\)"),
        ({"detector_scores": [1, 2]}, r"one per emb.*\(2,\) with 3"),
        ({"detector_scores": [1, -1, 1]}, r"detector_scores\[1\]=-1.0, 1 such"),
        ({"detector_scores": [0, 0, 1]}, "template 1 is all zeros"),
        ({"embeddings": EMBEDDINGS * [[1], [0], [1]]}, "row 1 is all zeros"),
        (
            # Two opposite media leave no direction.
            {
                "embeddings": np.array([[1, 0], [-1, 0], [0, 1.0]]),
                "template_ids": [8, 8, 9],
            },
            "template 8 is all zeros",
        ),
    ],
)
def test_bad_input_is_named(change, message):
    arguments = {
        "embeddings": EMBEDDINGS,
        "template_ids": [1, 1, 2],
        "media_ids": [0, 1, 2],
        **change,
    }
    with pytest.raises(ValueError, match=message):
        pool_templates(**arguments)


def test_a_template_without_images_is_named():
    templates = pool_templates(EMBEDDINGS, [1, 1, 4], [0, 1, 2])
    with pytest.raises(ValueError, match="template 3, 1 such"):
        templates.score([1, 4], [4, 3])
    with pytest.raises(ValueError, match="template 9"):
        templates.rows([9])
    with pytest.raises(ValueError, match="1 and 2 templates"):
        templates.score([1], [4, 1])
