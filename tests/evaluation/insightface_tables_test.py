import ijb_oracles
import numpy as np
import pytest

from keras_sphereface.evaluation import (
    nearest_far_tars,
    search_like_insightface,
    tar_at_far,
)


def make_scores(num_pairs, seed, decimals=9):
    rng = np.random.default_rng(seed)
    is_same = rng.random(num_pairs) < 0.3
    scores = rng.normal(0, 0.2, num_pairs) + 0.25 * is_same
    return np.round(scores, decimals), is_same


@pytest.mark.parametrize("decimals", [9, 2, 1])  # ties in the last two
@pytest.mark.parametrize("seed", range(4))
def test_tars_equal_a_loop_over_thresholds(seed, decimals):
    scores, is_same = make_scores(120, seed, decimals)
    fars = (1e-6, 1e-3, 0.011, 0.02, 0.1, 0.5, 1.0)
    found = nearest_far_tars(scores=scores, is_same=is_same, fars=fars)
    for far in fars:
        expected = ijb_oracles.nearest_far_tar(
            scores.tolist(), is_same.tolist(), far
        )
        assert found[far] == pytest.approx(expected, abs=1e-12)


def test_the_nearest_far_may_be_above_the_rate():
    # Of ten impostors one is above both genuine pairs, so FAR is 0.1 or 0.
    scores = [0.9, 0.8, 0.7, *np.linspace(0.1, 0.2, 9)]
    is_same = [0, 1, 1, *[0] * 9]
    found = nearest_far_tars(scores=scores, is_same=is_same, fars=(0.06, 0.04))
    assert found == {0.06: 1.0, 0.04: 0.0}
    # A rate that ten pairs cannot measure is an error of the strict function.
    with pytest.raises(ValueError, match="impostor pairs"):
        tar_at_far(scores=scores, is_same=is_same, far=0.06)


def unit_rows(rng, people, noise, dim=12):
    centers = np.random.default_rng(9).normal(size=(60, dim))
    rows = centers[people] + noise * rng.normal(size=(len(people), dim))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.mark.parametrize("probe_block", [7, 1024])
def test_a_search_equals_a_loop_over_probes(probe_block):
    rng = np.random.default_rng(0)
    gallery_people = rng.permutation(40)
    probe_people = rng.integers(0, 40, 90)
    gallery = unit_rows(rng, gallery_people, 0.5)
    probes = unit_rows(rng, probe_people, 1.0)
    gallery[3] = gallery[11]  # a tie
    found = search_like_insightface(
        gallery,
        gallery_people,
        probes,
        probe_people,
        rates=(0.01, 0.1, 2.0),
        probe_block=probe_block,
    )
    ranks, recalls = ijb_oracles.search(
        gallery,
        gallery_people,
        probes,
        probe_people,
        (1, 5, 10),
        (0.01, 0.1, 2.0),
    )
    assert found.rank_rates == pytest.approx(ranks, abs=1e-12)
    assert found.recalls == pytest.approx(recalls, abs=1e-12)
    assert 0 < found.rank_rates[1] < found.rank_rates[10] < 1
    assert found.thresholds[0.01] > found.thresholds[0.1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"gallery_people": [1, 2, 2]}, "person 2 2 times"),
        ({"probe_people": [7]}, "person 7, 1 probes"),
        ({"ranks": [0]}, "`ranks`"),
        ({"rates": [0.0]}, "`rates`"),
    ],
)
def test_what_the_rules_do_not_cover_is_named(change, message):
    arguments = {
        "gallery_people": [1, 2, 3],
        "probe_people": [1],
        **change,
    }
    with pytest.raises(ValueError, match=message):
        search_like_insightface(
            gallery=np.eye(3), probes=np.eye(3)[:1], **arguments
        )
