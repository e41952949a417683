"""What a bank keeps of a stream of batches, held to a plain list."""

import keras
import numpy as np
import pytest
from keras import ops
from replicas import on_tensorflow, run_replicas

from keras_sphereface.heads import EmbeddingBank


def make_bank(size, one_per_class=False, dim=2):
    bank = EmbeddingBank(size, one_per_class)
    bank.build((None, dim))
    return bank


def contents(bank):
    return [
        ops.convert_to_numpy(weight).tolist()
        for weight in (bank.embeddings, bank.labels)
    ]


def rows(*numbers):
    """Embeddings that say who they are, of two equal components."""
    return np.float32(numbers)[:, None] * np.ones((1, 2), "float32")


def add(bank, numbers, labels):
    bank.add(ops.convert_to_tensor(rows(*numbers)), np.int32(labels))


def numbers_of(bank):
    embeddings, labels = contents(bank)
    return [row[0] for row in embeddings], labels


def test_a_queue_keeps_the_newest():
    bank = make_bank(5)
    assert contents(bank) == [[[0, 0]] * 5, [-1] * 5]
    add(bank, [1, 2, 3], [7, 8, 9])
    assert numbers_of(bank) == ([1, 2, 3, 0, 0], [7, 8, 9, -1, -1])
    add(bank, [4, 5, 6, 7], [1, 2, 3, 4])
    assert numbers_of(bank) == ([6, 7, 3, 4, 5], [3, 4, 9, 1, 2])


def test_a_batch_of_more_than_fits_leaves_its_last():
    bank = make_bank(3)
    add(bank, [9], [0])
    add(bank, [1, 2, 3, 4, 5], [1, 2, 3, 4, 5])
    found = dict(zip(*numbers_of(bank)[::-1], strict=True))
    assert found == {3: 3, 4: 4, 5: 5}


def test_one_per_class_keeps_the_last_of_each():
    bank = make_bank(4, one_per_class=True)
    add(bank, [1, 2, 3, 4], [2, 0, 2, 0])
    assert numbers_of(bank) == ([4, 0, 3, 0], [0, -1, 2, -1])
    add(bank, [5, 6], [1, 2])
    assert numbers_of(bank) == ([4, 5, 6, 0], [0, 1, 2, -1])


@pytest.mark.parametrize("one_per_class", [False, True])
@pytest.mark.parametrize("batch_size", [1, 3, 8])
def test_is_the_list_of_a_plain_loop(one_per_class, batch_size):
    bank = make_bank(6, one_per_class)
    random = np.random.default_rng(batch_size)
    newest, of_class = [], {}
    for step in range(4):
        labels = random.integers(0, 6, batch_size)
        numbers = 1 + step * batch_size + np.arange(batch_size)
        add(bank, numbers, labels)
        for number, label in zip(numbers, labels, strict=True):
            newest = [*newest, (number, label)][-6:]
            of_class[label] = number
    numbers, labels = numbers_of(bank)
    if one_per_class:
        expected = [of_class.get(label, 0) for label in range(6)]
        assert numbers == expected
    else:
        found = zip(numbers, labels, strict=True)
        kept = sorted(pair for pair in found if pair[1] >= 0)
        assert kept == sorted(newest)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_not_kept(bad):
    queue = make_bank(4)
    add(queue, [1, bad, 3], [5, 6, 7])
    assert numbers_of(queue) == ([1, 0, 3, 0], [5, -1, 7, -1])
    bank = make_bank(3, one_per_class=True)
    add(bank, [1, 2], [0, 1])
    # The last of class 0 is bad, so that the one before it counts.
    add(bank, [3, bad, bad], [0, 0, 1])
    assert numbers_of(bank) == ([3, 2, 0], [0, 1, -1])
    add(bank, [bad, bad], [0, 2])
    assert numbers_of(bank) == ([3, 2, 0], [0, 1, -1])


def test_a_label_that_cannot_be_is_not_kept():
    bank = make_bank(3, one_per_class=True)
    add(bank, [1, 2], [-1, 0])
    assert numbers_of(bank) == ([2, 0, 0], [0, -1, -1])
    queue = make_bank(3)
    add(queue, [1, 2], [-1, 0])
    assert numbers_of(queue) == ([0, 2, 0], [-1, 0, -1])


def test_half_precision_is_kept_in_float32():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        bank = make_bank(2)
    finally:
        keras.config.set_dtype_policy("float32")
    bank.add(ops.cast(rows(0.1), "float16"), np.int32([0]))
    assert bank.embeddings.dtype == "float32"
    assert contents(bank)[0][0][0] == float(np.float16(0.1))


def test_config_round_trip_and_wrong_arguments():
    bank = EmbeddingBank(7, one_per_class=True, name="given")
    rebuilt = EmbeddingBank.from_config(bank.get_config())
    assert rebuilt.get_config() == bank.get_config()
    assert (rebuilt.size, rebuilt.one_per_class, rebuilt.name) == (
        7,
        True,
        "given",
    )
    with pytest.raises(ValueError, match=r"`size` must be an integer.*size=0"):
        EmbeddingBank(0)
    with pytest.raises(ValueError, match=r"`one_per_class`.*'x'"):
        EmbeddingBank(1, one_per_class="x")


PROGRAM = """
with strategy.scope():
    banks = [ks.heads.EmbeddingBank(5), ks.heads.EmbeddingBank(4, True)]
    for bank in banks:
        bank.build((None, 3))

@tf.function
def step(x, y):
    def one(x, y):
        for bank in banks:
            bank.add(x, y)
    strategy.run(one, args=(x, y))

random = np.random.default_rng(0)
x = random.normal(size=(12, 3)).astype("float32")
x[2] = np.nan
y = random.integers(0, 4, 12).astype("int32")
data = tf.data.Dataset.from_tensor_slices((x, y)).batch(4)
for batch in strategy.experimental_distribute_dataset(data):
    step(*batch)
copies = []
for bank in banks:
    for weight in bank.weights:
        value = weight.value
        copies.append(
            [np.array(v).tolist() for v in getattr(value, "values", [value])]
        )
print(json.dumps(copies))
"""


@on_tensorflow
@pytest.mark.slow
def test_replicas_keep_the_global_batch_in_order():
    one, two = (run_replicas(count, PROGRAM) for count in (1, 2))
    for (expected,), copies in zip(one, two, strict=True):
        assert copies == [expected, expected]
