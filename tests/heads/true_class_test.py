import numpy as np
import pytest
from keras import ops

from keras_sphereface.heads.true_class import nearest_class

VALUES = np.float32([[0.9, 0.1, 0.2], [0.3, 0.3, -0.4], [-0.9, -0.2, -0.1]])


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([0, 0, 2], [True, False, True]),  # a tie is not above
        ([1, 2, 1], [False, False, False]),
    ],
)
def test_says_whether_the_true_class_is_above_every_other(labels, expected):
    own, is_nearest = nearest_class(
        ops.convert_to_tensor(VALUES), ops.convert_to_tensor(np.int32(labels))
    )
    np.testing.assert_array_equal(
        ops.convert_to_numpy(own), VALUES[range(3), labels][:, None]
    )
    np.testing.assert_array_equal(ops.convert_to_numpy(is_nearest), expected)


def test_a_class_alone_is_above_the_others():
    own, is_nearest = nearest_class(
        ops.convert_to_tensor(VALUES[:, :1]), ops.zeros((3,), "int32")
    )
    np.testing.assert_array_equal(ops.convert_to_numpy(own), VALUES[:, :1])
    assert ops.convert_to_numpy(is_nearest).all()
