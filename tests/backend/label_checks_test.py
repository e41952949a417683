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


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="for tf.data"
)
def test_batches_come_back_and_wrong_labels_raise():
    import tensorflow as tf

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
    for parts in [(X, Y + 1), (X, Y - 1), (X, Y + 2**32), (X, 2 * soft)]:
        data = tf.data.Dataset.from_tensor_slices(parts).batch(4)
        with pytest.raises(tf.errors.InvalidArgumentError, match="labels`"):
            next(iter(with_checked_labels(data, 4)))
