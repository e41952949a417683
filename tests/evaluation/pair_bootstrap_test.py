import itertools

import numpy as np
import pytest

from keras_sphereface.evaluation.pair_bootstrap import PairBootstrap


def all_pairs(num_people):
    """Two genuine pairs per person and one impostor pair of each two people."""
    genuine = [(i, i) for i in range(num_people) for _ in range(2)]
    impostor = list(itertools.combinations(range(num_people), 2))
    people = np.array(genuine + impostor)
    return people[:, 0] == people[:, 1], people


def test_pairs_weigh_as_often_as_their_people_are_drawn():
    is_same, people = all_pairs(5)
    for genuine, impostor in PairBootstrap(
        is_same, people, resamples=50
    ).draws():
        assert genuine.mean() == pytest.approx(1)
        assert impostor.mean() == pytest.approx(1)
        np.testing.assert_array_equal(genuine[0::2], genuine[1::2])
        times = genuine[0::2]  # in proportion to the draws of each person
        products = [a * b for a, b in itertools.combinations(times, 2)]
        np.testing.assert_allclose(
            impostor * np.mean(products), products, atol=1e-12
        )


def test_the_same_seed_draws_the_same():
    is_same, people = all_pairs(6)
    first, again, other = (
        np.array([g for g, _ in PairBootstrap(is_same, people, seed=s).draws()])
        for s in (3, 3, 4)
    )
    np.testing.assert_array_equal(first, again)
    assert np.any(first != other)
    assert len(first) == 1000


def naive_variances(people, values):
    """Of a mean of impostor values: Fafchamps and Gubert's, and the draws'.

    A loop over all couples of pairs: couples that share a person count, in
    the draws those of the same two people three times.
    """
    values = np.array(values, "float64") - np.mean(values)
    wanted = drawn = 0.0
    for (a, x), (b, y) in itertools.product(zip(people, values), repeat=2):  # noqa: B905
        shared = len(set(a) & set(b))
        wanted += (shared > 0) * x * y
        drawn += {0: 0, 1: 1, 2: 3}[shared] * x * y
    return wanted, drawn


@pytest.mark.parametrize("num_people", [6, 12, 25])
def test_shrinking_gives_the_variance_of_fafchamps_and_gubert(num_people):
    is_same, people = all_pairs(num_people)
    rng = np.random.default_rng(num_people)
    # What a person adds is in all their pairs.
    own = rng.normal(size=num_people)
    values = own[people[~is_same]].sum(axis=1) + rng.normal(
        size=(~is_same).sum()
    )
    wanted, drawn = naive_variances(people[~is_same].tolist(), values)
    shrink = PairBootstrap(is_same, people).shrink_for(values)
    assert shrink**2 == pytest.approx(wanted / drawn)


def test_weights_of_lone_pairs_vary_as_if_pairs_were_drawn():
    # 200 pairs of 400 people: independent, so a mean has the variance 1 / 200.
    is_same = np.arange(400) % 2 == 0
    values = np.random.default_rng(0).normal(size=200)
    values = (values - values.mean()) / values.std()
    bootstrap = PairBootstrap(is_same, resamples=4000)
    shrink = bootstrap.shrink_for(values)
    assert shrink == pytest.approx(3**-0.5)
    means = [
        np.mean((1 + shrink * (weights - 1)) * values)
        for _, weights in bootstrap.draws()
    ]
    # 4,000 draws give a variance to about 2 %; a mean of heavy weights and a
    # random sum of them add a few more.
    assert np.var(means) * 200 == pytest.approx(1, abs=0.1)


def test_values_without_spread_need_no_shrinking():
    is_same, people = all_pairs(4)
    assert PairBootstrap(is_same, people).shrink_for(np.ones(6)) == 1.0


def test_names_are_people_too():
    people = np.array([["ann", "ann"], ["ann", "bob"], ["bob", "cid"]])
    bootstrap = PairBootstrap([True, False, False], people)
    assert (bootstrap.num_people, bootstrap.genuine_people) == (3, 1)


@pytest.mark.parametrize(
    ("people", "message"),
    [
        ([[0, 0], [1, 1]], r"people\[1\]=\[1, 1\] with is_same\[1\]=False"),
        ([[0, 2], [0, 1]], r"people\[0\]=\[0, 2\] with is_same\[0\]=True"),
        ([[0, 0]], r"people\.shape=\(1, 2\) with 2 pairs"),
        ([0, 1], r"people\.shape=\(2,\)"),
        ([[0.0, 0.0], [0.0, 1.0]], "float64"),
    ],
)
def test_people_that_contradict_the_pairs_are_named(people, message):
    with pytest.raises(ValueError, match=message):
        PairBootstrap([True, False], people)


@pytest.mark.parametrize("resamples", [0, -1, 10.0, True])
def test_a_bad_number_of_draws_is_refused(resamples):
    with pytest.raises(ValueError, match=f"resamples={resamples}"):
        PairBootstrap([True, False], resamples=resamples)
