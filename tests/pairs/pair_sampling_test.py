import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keras_sphereface.pairs import PairSet

# Fixed examples; no deadline, as a busy machine would miss it.
checked = settings(
    derandomize=True,
    deadline=None,
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow],
)


def make_paths(labels):
    return [f"{label}/{index}.jpg" for index, label in enumerate(labels)]


def sample(labels, **options):
    return PairSet.sample(make_paths(labels), np.array(labels), **options)


def people_of(pairs, column):
    return np.array([int(pairs.images[i].split("/")[0]) for i in column])


@checked
@given(
    counts=st.lists(st.integers(3, 9), min_size=6, max_size=20),
    num_folds=st.integers(2, 3),
    seed=st.integers(0, 1000),
)
def test_pairs_are_true_balanced_distinct_and_folds_share_no_person(
    counts, num_folds, seed
):
    labels = np.random.default_rng(seed).permutation(
        np.repeat(np.arange(len(counts)), counts)
    )
    pairs = sample(labels, num_folds=num_folds, pairs_per_fold=12, seed=seed)
    person_a = people_of(pairs, pairs.index_a)
    person_b = people_of(pairs, pairs.index_b)
    np.testing.assert_array_equal(person_a == person_b, pairs.is_same)
    np.testing.assert_array_equal(np.bincount(pairs.folds), [12] * num_folds)
    np.testing.assert_array_equal(
        np.bincount(pairs.folds[pairs.is_same]), [6] * num_folds
    )
    unordered = {
        frozenset(pair)
        for pair in zip(
            pairs.index_a.tolist(), pairs.index_b.tolist(), strict=True
        )
    }
    assert len(unordered) == len(pairs)
    people = [
        set(person_a[pairs.folds == fold]) | set(person_b[pairs.folds == fold])
        for fold in range(num_folds)
    ]
    assert sum(map(len, people)) == len(set().union(*people))
    used = {index for pair in unordered for index in pair}
    assert used == set(range(len(pairs.images)))


def test_every_possible_pair_can_be_drawn():
    # Two people of two images per fold: two same pairs and four different ones.
    labels = np.repeat(np.arange(4), 2)
    same, different = set(), set()
    for seed in range(200):
        pairs = sample(labels, num_folds=2, pairs_per_fold=4, seed=seed)
        for a, b, kind in zip(
            pairs.index_a, pairs.index_b, pairs.is_same, strict=True
        ):
            pair = frozenset([pairs.images[a], pairs.images[b]])
            (same if kind else different).add(pair)
    assert len(same) == 4
    assert len(different) == 24  # 8 * 7 / 2 - 4: the people meet in any fold


def test_different_pairs_are_drawn_evenly():
    # 12 images of 6 people, two folds: 3 people, 6 images, 12 cross pairs.
    labels = np.repeat(np.arange(6), 2)
    counts = {}
    for seed in range(3000):
        pairs = sample(labels, num_folds=2, pairs_per_fold=2, seed=seed)
        for index in np.flatnonzero(~pairs.is_same):
            pair = frozenset(
                [
                    pairs.images[pairs.index_a[index]],
                    pairs.images[pairs.index_b[index]],
                ]
            )
            counts[pair] = counts.get(pair, 0) + 1
    # 6000 draws over 60 pairs: 100 each, standard deviation 10.
    assert len(counts) == 60
    assert 55 < min(counts.values()) < max(counts.values()) < 150


def test_the_seed_decides():
    labels = np.repeat(np.arange(30), 4)
    first = sample(labels, pairs_per_fold=10, seed=1)
    again = sample(labels, pairs_per_fold=10, seed=1)
    other = sample(labels, pairs_per_fold=10, seed=2)
    assert first.images == again.images
    np.testing.assert_array_equal(first.index_a, again.index_a)
    assert first.images != other.images


def test_arrays_are_cut_to_the_images_in_use():
    labels = np.repeat(np.arange(8), 3)
    images = np.zeros((24, 2, 2, 3), "uint8") + labels[:, None, None, None]
    images = images.astype("uint8")
    pairs = PairSet.sample(images, labels, pairs_per_fold=2, num_folds=2)
    assert pairs.images.shape[0] <= 8
    same = pairs.images[pairs.index_a] == pairs.images[pairs.index_b]
    np.testing.assert_array_equal(same.all(axis=(1, 2, 3)), pairs.is_same)
    person = pairs.images[0, 0, 0, 0]
    assert pairs.names[0].endswith(f"(label {person})")


def test_people_with_many_images_are_spread_over_the_folds():
    # Dealt there and back the folds get 5 + 2 and 4 + 3 images, which make
    # 10 + 1 and 6 + 3 same pairs. Dealt around, 4 + 2 make 7 only.
    labels = np.repeat(np.arange(4), [2, 5, 3, 4])
    for seed in range(20):
        pairs = sample(labels, num_folds=2, pairs_per_fold=18, seed=seed)
        assert pairs.is_same.sum() == 18


def test_large_sets_are_drawn_without_listing_every_pair():
    labels = np.repeat(np.arange(2000), 20)  # 80 million pairs per fold
    pairs = sample(labels, pairs_per_fold=600, num_folds=10)
    assert len(pairs) == 6000


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pairs_per_fold": 7}, "even.*pairs_per_fold=7"),
        ({"pairs_per_fold": 0}, "at least 2.*pairs_per_fold=0"),
        ({"num_folds": 1}, "`num_folds`.*num_folds=1"),
        (
            {"pairs_per_fold": 40, "num_folds": 2},
            "20 same pairs.*fold 0 has 9, from 9 images of 3 people",
        ),
        (
            {"pairs_per_fold": 2, "num_folds": 6},
            "1 different pairs.*fold 0 has 0, from 3 images of 1 people",
        ),
        (
            {"pairs_per_fold": 2, "num_folds": 7},
            "fold 6 has 0, from 0 images|1 different pairs",
        ),
    ],
)
def test_too_few_images_are_counted_for_the_user(options, message):
    with pytest.raises(ValueError, match=message):
        sample(np.repeat(np.arange(6), 3), **options)


def test_bad_labels_are_named():
    with pytest.raises(ValueError, match="2 labels of 3 images"):
        PairSet.sample(["a", "b", "c"], [0, 1])
    with pytest.raises(ValueError, match=r"`labels`.*float64"):
        PairSet.sample(["a", "b"], [0.0, 1.0])
