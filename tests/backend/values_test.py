import keras
import numpy as np
import pytest
from keras import ops

from keras_sphereface.backend import check_labels, is_traced


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int32", "int64"])
@pytest.mark.parametrize("shape", [(4,), (4, 1)])
def test_integer_labels_come_back_as_int32_rows(dtype, shape):
    labels = np.array([0, 3, 1, 2], dtype).reshape(shape)
    checked, soft_labels = check_labels(labels, 4)
    assert soft_labels is None
    assert keras.backend.standardize_dtype(checked.dtype) == "int32"
    np.testing.assert_array_equal(ops.convert_to_numpy(checked), [0, 3, 1, 2])


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 4], r"`labels` must be in \[0, 4\).*Received: \[4\]"),
        ([-1, 2], r"`labels` must be in \[0, 4\).*Received: \[-1\]"),
        (list(range(4, 12)), r"Received: \[4, 5, 6, 7, 8\] and 3 more"),
        ([0.5, 1.0], r"`labels` must be integer.*soft labels.*float32"),
        ([[1, 0], [0, 1]], r"`labels` must have shape \(batch_size,\)"),
        (1, r"`labels` must have shape \(batch_size,\).*shape \(\)"),
    ],
)
def test_wrong_labels_are_named(labels, message):
    dtype = "float32" if 0.5 in np.ravel(labels) else "int32"
    with pytest.raises(ValueError, match=message):
        check_labels(np.array(labels, dtype), 4)


@pytest.mark.parametrize("dtype", ["int64", "uint32", "uint64"])
def test_labels_that_would_wrap_are_named(dtype):
    labels = np.array([0, 2**32 - 4 if dtype == "uint32" else 2**32 + 1], dtype)
    with pytest.raises(ValueError, match=r"\[0, 4\).*Received: \[42949672"):
        check_labels(labels, 4)
    if keras.backend.backend() == "tensorflow":
        with pytest.raises(ValueError, match=r"Received: \[42949672"):
            check_labels(ops.convert_to_tensor(labels), 4)


def test_compiled_steps_raise_on_labels_out_of_range():
    backend = keras.backend.backend()
    if backend == "torch":
        pytest.skip("torch steps are eager; the eager check covers them")
    if backend == "tensorflow":
        import tensorflow as tf

        compiled = tf.function(lambda labels: check_labels(labels, 4)[0] + 0)
    else:
        import jax

        compiled = jax.jit(lambda labels: check_labels(labels, 4)[0] + 0)
    np.testing.assert_array_equal(compiled(np.array([0, 3], "int32")), [0, 3])
    with pytest.raises(Exception, match=r"`labels` must be in \[0, 4\)"):
        np.asarray(compiled(np.array([0, 7], "int32")))


@pytest.mark.parametrize("dtype", ["float32", "int32"])
@pytest.mark.parametrize(
    "y_true", [[0, 3, 1], [[0], [3], [1]], np.eye(4)[[0, 3, 1]]]
)
def test_targets_of_a_loss_are_indices_or_one_hot_rows(y_true, dtype):
    labels, soft_labels = check_labels(
        np.array(y_true, dtype), 4, "y_true", takes_floats=True
    )
    assert (soft_labels is None) == (np.shape(y_true) != (3, 4))
    assert keras.backend.standardize_dtype(labels.dtype) == "int32"
    np.testing.assert_array_equal(ops.convert_to_numpy(labels), [0, 3, 1])


@pytest.mark.parametrize(
    ("y_true", "received"),
    [
        ([0.0, 4.0], r"must be in \[0, 4\).*\[4.0\]"),
        ([-1.0, 2.0], r"must be in \[0, 4\).*\[-1.0\]"),
        ([0.5, 1.0], r"must be in \[0, 4\).*\[0.5\]"),
        ([float("nan"), 1.0], r"must be in \[0, 4\).*\[nan\]"),
        ([[0.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]], r"sum to 1.*\[\[0.0, 0"),
        ([[1.0, 1.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]], r"sum to 1.*\[\[1.0, 1"),
        ([[1.5, -0.5, 0, 0], [0.0, 1.0, 0.0, 0.0]], r"at least 0.*\[\[1.5, -"),
        ([[float("nan"), 1, 0, 0], [0, 1.0, 0, 0]], r"at least 0.*\[\[nan"),
        ([[1.0, 0.0, 0.0]], r"must have shape.*shape \(1, 3\)"),
    ],
)
def test_wrong_targets_are_named(y_true, received):
    message = rf"`y_true` .*{received}"
    with pytest.raises(ValueError, match=message):
        check_labels(np.float32(y_true), 4, "y_true", takes_floats=True)


@pytest.mark.parametrize("labels", [np.eye(4)[[0, 3, 1]], np.eye(4, dtype=int)])
def test_soft_labels_come_back_with_their_largest_class(labels):
    soft = 0.8 * labels + 0.05
    found, rows = check_labels(soft, 4)
    np.testing.assert_array_equal(ops.convert_to_numpy(found), labels.argmax(1))
    np.testing.assert_allclose(ops.convert_to_numpy(rows), soft, rtol=1e-6)
    found, rows = check_labels(labels, 4)
    assert keras.backend.standardize_dtype(rows.dtype) == "float32"
    np.testing.assert_array_equal(ops.convert_to_numpy(rows), labels)


def test_one_class_has_indices_and_no_rows():
    found, rows = check_labels(np.zeros((3, 1), "int32"), 1)
    assert (found.shape, rows) == ((3,), None)


def test_only_a_tensor_of_a_step_being_compiled_is_traced():
    assert not is_traced(ops.convert_to_tensor(np.float32([1.0])))
    seen = []

    def step(tensor):
        seen.append(is_traced(tensor))
        return tensor

    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        tf.function(step)(tf.ones(2))
    elif backend == "jax":
        import jax

        jax.jit(step)(ops.ones(2))
    else:
        step(ops.ones(2))
    assert seen == [backend != "torch"]


def test_targets_are_not_checked_where_keras_infers_shapes():
    def labels(y_true):
        if keras.backend.backend() == "torch":
            # Where this fails, Keras takes ones in every place.
            float(y_true[0, 0])
        return check_labels(y_true, 6, "y_true", takes_floats=True)[0]

    assert keras.layers.Lambda(labels)(keras.Input((6,))).shape == (None,)
