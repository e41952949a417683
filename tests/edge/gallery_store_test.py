"""Rows in blocks: what is added, seen and erased."""

import numpy as np
import pytest

from keras_sphereface.edge import gallery_store
from keras_sphereface.edge.gallery_store import REMOVED, GalleryStore


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(gallery_store, "BLOCK_SIZE", 3)


def rows(*first_numbers):
    """Rows `[n, 2]` that tell which they are; the store takes any numbers."""
    return np.float32([[number, 0] for number in first_numbers])


def contents(snapshot):
    """`(name, first number)` of every row, removed ones as `None`."""
    found = []
    for block, owners in snapshot.blocks:
        for row, owner in zip(block, owners, strict=True):
            name = None if owner == REMOVED else snapshot.names[owner]
            found.append((name, float(row[0])))
    return found


@pytest.mark.usefixtures("small_blocks")
def test_rows_fill_blocks_in_the_order_in_which_they_came():
    store = GalleryStore(2)
    store.add(["ann", "bob"], rows(1, 2))
    store.add(["ann", "cid", "bob"], rows(3, 4, 5))
    snapshot = store.snapshot()
    assert [len(block) for block, _ in snapshot.blocks] == [3, 2]
    assert contents(snapshot) == [
        ("ann", 1),
        ("bob", 2),
        ("ann", 3),
        ("cid", 4),
        ("bob", 5),
    ]
    assert store.names() == ["ann", "bob", "cid"]
    assert (len(store), store.num_crops, snapshot.num_people) == (3, 5, 3)
    assert "cid" in store
    assert "dan" not in store


@pytest.mark.usefixtures("small_blocks")
def test_a_snapshot_stays_what_it_was():
    store = GalleryStore(2)
    store.add(["ann", "bob"], rows(1, 2))
    before = store.snapshot()
    store.add(["ann", "cid"], rows(3, 4))
    assert store.remove("ann")
    assert contents(before) == [("ann", 1), ("bob", 2)]
    assert before.num_people == 2


@pytest.mark.usefixtures("small_blocks")
def test_who_is_removed_leaves_zeros_and_no_name():
    store = GalleryStore(2)
    store.add(["ann", "bob", "ann", "cid"], rows(1, 2, 3, 4))
    assert store.remove("ann")
    assert not store.remove("ann")
    snapshot = store.snapshot()
    assert contents(snapshot) == [(None, 0), ("bob", 2), (None, 0), ("cid", 4)]
    assert snapshot.names[0] is None
    assert (store.names(), store.num_crops) == (["bob", "cid"], 2)


@pytest.mark.usefixtures("small_blocks")
def test_rows_are_moved_together_when_most_are_gone():
    store = GalleryStore(2)
    store.add([*["ann"] * 4, "bob", "cid"], rows(1, 2, 3, 4, 5, 6))
    store.remove("ann")  # four of six, more than a block
    snapshot = store.snapshot()
    assert contents(snapshot) == [("bob", 5), ("cid", 6)]
    assert snapshot.names == ["bob", "cid"]
    assert (store.num_crops, store.names()) == (2, ["bob", "cid"])


def test_who_comes_back_is_the_last():
    store = GalleryStore(2)
    store.add(["ann", "bob"], rows(1, 2))
    store.remove("ann")
    store.add(["ann"], rows(3))
    assert store.names() == ["bob", "ann"]
    assert contents(store.snapshot())[-1] == ("ann", 3)


def test_an_empty_store_has_no_blocks():
    snapshot = GalleryStore(2).snapshot()
    assert (snapshot.blocks, snapshot.num_people) == ((), 0)
