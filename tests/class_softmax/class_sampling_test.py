"""Which classes are drawn, with what weight, held to counting."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_sphereface.class_softmax import sample_classes


def sample(labels, num_classes, num_sampled, seed=0, batch_labels=None):
    labels = np.int32(labels)
    everyones = labels if batch_labels is None else np.int32(batch_labels)
    found = sample_classes(
        ops.convert_to_tensor(labels),
        ops.convert_to_tensor(everyones),
        num_classes=num_classes,
        num_sampled=num_sampled,
        seed=seed,
    )
    return [ops.convert_to_numpy(tensor) for tensor in found]


def check(labels, num_classes, num_sampled, found, batch_labels=None):
    classes, weights, places = found
    everyones = labels if batch_labels is None else batch_labels
    positives = set(map(int, everyones))
    assert len(classes) == len(weights) == num_sampled
    assert list(classes) == sorted(set(map(int, classes)))
    assert classes.min() >= 0
    assert classes.max() < num_classes
    assert positives <= set(map(int, classes))
    np.testing.assert_array_equal(classes[places], labels)
    # A class that is drawn with a chance of n in N stands for N / n.
    drawn = num_sampled - len(positives)
    for name, weight in zip(classes, weights, strict=True):
        if int(name) in positives:
            assert weight == 1
        else:
            expected = (num_classes - len(positives)) / drawn
            assert weight == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("labels", "num_classes", "num_sampled"),
    [
        ([3, 0, 9], 10, 6),
        ([3, 3, 3, 3], 10, 4),  # one person only
        ([0, 9, 0, 9], 10, 10),  # every class
        ([4, 2, 7], 10, 3),  # room for those of the batch alone
        ([0], 1, 1),
        ([1, 1], 2, 2),
    ],
)
def test_keeps_the_batch_and_weighs_the_drawn(labels, num_classes, num_sampled):
    for seed in range(3):
        found = sample(labels, num_classes, num_sampled, seed)
        check(labels, num_classes, num_sampled, found)


def test_classes_of_other_replicas_are_kept_and_weigh_one():
    found = sample([2, 5], 20, 8, batch_labels=[2, 5, 11, 19])
    check([2, 5], 20, 8, found, batch_labels=[2, 5, 11, 19])


def test_sums_over_the_classes_are_right_on_average():
    values = np.random.default_rng(0).normal(size=30)
    sums, counts = [], np.zeros(30)
    for seed in range(200):
        classes, weights, _ = sample([1, 28, 28], 30, 12, seed)
        sums.append(weights @ values[classes])
        counts[classes] += 1
    error = np.std(sums) / np.sqrt(len(sums))
    assert abs(np.mean(sums) - values.sum()) < 4 * error
    # 10 of the 28 others each time: a binomial count of 71 give or take 6.8.
    assert counts[1] == counts[28] == 200
    others = np.delete(counts, [1, 28])
    assert abs(others - 200 * 10 / 28).max() < 4 * 6.8


def test_goes_by_the_seed():
    first, again, other = (sample([3], 50, 10, seed)[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.skipif(
    keras.backend.backend() == "jax", reason="the error comes from a callback"
)
def test_too_little_room_for_the_batch_is_an_error():
    with pytest.raises(ValueError, match="leaves 3 of 10 classes"):
        sample([0, 2, 4, 6, 8], 10, 3)
