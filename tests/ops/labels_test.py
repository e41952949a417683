import keras
import numpy as np
import pytest
from keras import ops

from keras_sphereface.ops import check_labels


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int32", "int64"])
@pytest.mark.parametrize("shape", [(4,), (4, 1)])
def test_integer_labels_come_back_as_int32_rows(dtype, shape):
    labels = np.array([0, 3, 1, 2], dtype).reshape(shape)
    checked = check_labels(labels, 4)
    assert keras.backend.standardize_dtype(checked.dtype) == "int32"
    np.testing.assert_array_equal(ops.convert_to_numpy(checked), [0, 3, 1, 2])


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 4], r"`labels` must be in \[0, 4\).*Received: \[4\]"),
        ([-1, 2], r"`labels` must be in \[0, 4\).*Received: \[-1\]"),
        (list(range(4, 12)), r"Received: \[4, 5, 6, 7, 8\] and 3 more"),
        ([0.5, 1.0], r"`labels` must be integer.*float32"),
        ([[1, 0], [0, 1]], r"`labels` must have shape \(batch_size,\)"),
        (1, r"`labels` must have shape \(batch_size,\).*shape \(\)"),
    ],
)
def test_wrong_labels_are_named(labels, message):
    dtype = "float32" if 0.5 in np.ravel(labels) else "int32"
    with pytest.raises(ValueError, match=message):
        check_labels(np.array(labels, dtype), 4)


def test_compiled_steps_raise_on_labels_out_of_range():
    backend = keras.backend.backend()
    if backend == "torch":
        pytest.skip("torch steps are eager; the eager check covers them")
    if backend == "tensorflow":
        import tensorflow as tf

        compiled = tf.function(lambda labels: check_labels(labels, 4) + 0)
    else:
        import jax

        compiled = jax.jit(lambda labels: check_labels(labels, 4) + 0)
    np.testing.assert_array_equal(compiled(np.array([0, 3], "int32")), [0, 3])
    with pytest.raises(Exception, match=r"`labels` must be in \[0, 4\)"):
        np.asarray(compiled(np.array([0, 7], "int32")))
