"""Draws go by a seed and a count that the caller keeps."""

import itertools

import keras
import numpy as np
from keras import ops

from keras_sphereface import heads
from keras_sphereface.backend.counted_seed import CountedSeed


def draw(seed, count):
    count = ops.convert_to_tensor(np.int32(count))
    found = keras.random.uniform((8,), seed=CountedSeed(seed, count))
    return tuple(ops.convert_to_numpy(found))


def test_the_same_seed_and_count_draw_the_same():
    for seed, count in ((0, 0), (-1, 3), (2**40 + 1, 2**31 - 1)):
        assert draw(seed, count) == draw(seed, count)


def test_neighbors_draw_something_else():
    seeds, counts = (0, 1, 2, -1, 2**31, 2**40 + 7), range(4)
    pairs = list(itertools.product(seeds, counts))
    draws = {draw(*pair) for pair in pairs}
    # 2^31 is 0 to a generator of 31 bits, and the only one that is.
    assert len(draws) == len(pairs) - len(counts)


def test_a_draw_does_not_count_by_itself():
    seed = CountedSeed(5, ops.convert_to_tensor(np.int32(2)))
    first = ops.convert_to_numpy(seed.next())
    np.testing.assert_array_equal(ops.convert_to_numpy(seed.next()), first)
    np.testing.assert_array_equal(first, [5 * 1_000_003, 2])


def test_the_counter_of_a_head_is_saved_and_not_trained():
    head = heads.get("cosface", 3, sample_rate=0.5)
    head.build((None, 2))
    counter = head.sample_draws
    assert int(counter) == 0
    assert any(weight is counter for weight in head.non_trainable_weights)
    counter.assign(counter + 1)
    store = {}
    head.save_own_variables(store)
    assert any(np.shape(v) == () and int(v) == 1 for v in store.values())
