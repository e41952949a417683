import keras
import numpy as np
import pytest

from keras_sphereface.backend.label_checks import with_checked_labels

X, Y = np.zeros((4, 2), "float32"), np.int64([0, 3, 1, 2])


def test_other_data_stays_as_it_is():
    assert with_checked_labels(X, 4) is X
    assert with_checked_labels(None, 4) is None
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        images = tf.data.Dataset.from_tensors(X)
        assert with_checked_labels(images, 4) is images


def test_batches_come_back_and_wrong_labels_raise():
    tf = pytest.importorskip("tensorflow")
    weights = np.float32([1, 2, 3, 4])
    soft = np.float32(np.eye(4))
    for parts in [(X, Y), (X, Y, weights), (X, Y[:, None]), (X, soft)]:
        data = tf.data.Dataset.from_tensor_slices(parts).batch(2)
        checked = with_checked_labels(data, 4)
        assert checked.element_spec == data.element_spec
        assert checked.cardinality() == 2
        for found, expected in zip(checked, data, strict=True):
            for a, b in zip(found, expected, strict=True):
                np.testing.assert_array_equal(a, b)
    wrong = [(X, Y + 1), (X, Y - 1), (X, Y + 2**32)]
    if keras.backend.backend() == "tensorflow":
        # Elsewhere the step looks at them.
        wrong.append((X, 2 * soft))
    for parts in wrong:
        data = tf.data.Dataset.from_tensor_slices(parts).batch(4)
        with pytest.raises(tf.errors.InvalidArgumentError, match="labels`"):
            next(iter(with_checked_labels(data, 4)))


class Batches(keras.utils.PyDataset):
    def __init__(self, labels):
        super().__init__(workers=2, max_queue_size=3)
        self.labels, self.calls = labels, []

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return X[2 * index :][:2], self.labels[2 * index :][:2]

    def on_epoch_begin(self):
        self.calls.append("begin")

    def on_epoch_end(self):
        self.calls.append("end")


def test_batches_that_python_brings_come_back_and_wrong_labels_raise():
    data = Batches(Y)
    checked = with_checked_labels(data, 4)
    assert (checked.num_batches, checked.workers) == (2, 2)
    assert checked.max_queue_size == 3
    checked.on_epoch_begin()
    checked.on_epoch_end()
    assert data.calls == ["begin", "end"]
    soft = np.float32(np.eye(4))
    for labels in (Y, Y[:, None], Y.tolist(), soft):
        data = Batches(labels)
        for index in range(2):
            found = with_checked_labels(data, 4)[index]
            np.testing.assert_array_equal(found[1], labels[2 * index :][:2])
        batches = with_checked_labels(((X, labels) for _ in range(3)), 4)
        assert [labels is each for _, each in batches] == [True] * 3
    for labels in (Y + 1, Y - 1, Y + 2**32, 2 * soft):
        with pytest.raises(ValueError, match="labels`"):
            list(with_checked_labels(Batches(labels), 4))
        with pytest.raises(ValueError, match="labels`"):
            next(with_checked_labels((pair for pair in [(X, labels)]), 4))
