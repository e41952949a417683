"""Nearest people on a circle, where cosines are known."""

import math

import numpy as np
import pytest

from keras_sphereface.edge import snapshot_search
from keras_sphereface.edge.gallery_store import REMOVED, Snapshot
from keras_sphereface.edge.snapshot_search import search_snapshot


def units(*degrees):
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], 1).astype("float32")


def cosines(*degrees):
    return [math.cos(math.radians(angle)) for angle in degrees]


# Ann at 0 and 90 degrees, Bob at 60, and one who is gone at 30.
SNAPSHOT = Snapshot(
    blocks=(
        (units(0, 60), np.int32([0, 1])),
        (units(30, 90), np.int32([REMOVED, 0])),
    ),
    names=["ann", "bob", None],
    num_people=3,
    num_present=2,
    num_crops=3,
)


def test_the_nearest_crop_counts_with_max():
    found = search_snapshot(SNAPSHOT, units(80, 45), k=2, pooling="max")
    # 80 is 10 from Ann and 20 from Bob; 45 is 15 from Bob and 45 from Ann.
    assert found.names == [["ann", "bob"], ["bob", "ann"]]
    np.testing.assert_allclose(
        found.scores, [cosines(10, 20), cosines(15, 45)], atol=1e-6
    )
    assert found.comparisons == 3  # crops


def test_all_crops_count_with_mean():
    found = search_snapshot(SNAPSHOT, units(80), k=2, pooling="mean")
    # Ann's crops are 80 and 10 degrees away.
    expected = [cosines(20)[0], sum(cosines(80, 10)) / 2]
    assert found.names == [["bob", "ann"]]
    np.testing.assert_allclose(found.scores, [expected], atol=1e-6)
    assert found.comparisons == 2  # people


def test_there_are_no_more_answers_than_people():
    found = search_snapshot(SNAPSHOT, units(0), k=9, pooling="max")
    assert found.scores.shape == (1, 2)


def test_equal_scores_come_as_people_were_enrolled():
    snapshot = Snapshot(
        ((units(50, 50, 50), np.int32([2, 0, 1])),), ["a", "b", "c"], 3, 3, 3
    )
    found = search_snapshot(snapshot, units(0), k=2, pooling="max")
    assert found.names == [["a", "b"]]


@pytest.mark.parametrize("pooling", snapshot_search.POOLINGS)
def test_nobody_is_found_in_an_empty_gallery(pooling):
    found = search_snapshot(
        Snapshot((), [], 0, 0, 0), units(0), k=1, pooling=pooling
    )
    assert found.names == [[]]
    assert found.scores.shape == (1, 0)
    assert found.comparisons == 0


@pytest.mark.parametrize("pooling", snapshot_search.POOLINGS)
def test_probes_one_by_one_find_the_same(pooling, monkeypatch):
    probes = units(*range(0, 360, 7))
    together = search_snapshot(SNAPSHOT, probes, k=2, pooling=pooling)
    monkeypatch.setattr(snapshot_search, "_PROBES_AT_ONCE", 1)
    alone = search_snapshot(SNAPSHOT, probes, k=2, pooling=pooling)
    assert alone.names == together.names
    np.testing.assert_allclose(alone.scores, together.scores, atol=1e-6)
