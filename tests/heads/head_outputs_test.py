import numpy as np
from keras import ops

from keras_sphereface.heads.head_outputs import HeadOutputs


def test_says_how_near_the_true_classes_are():
    cosines = np.float32([[0.1, 0.9, -1.0], [0.3, 0.2, 0.31], [-0.5, -1, -0.7]])
    labels = ops.convert_to_tensor(np.int32([1, 0, 0]))
    outputs = HeadOutputs(None, ops.convert_to_tensor(cosines), None, labels)
    np.testing.assert_array_equal(
        ops.convert_to_numpy(outputs.cos_target()), np.float32([0.9, 0.3, -0.5])
    )
    np.testing.assert_array_equal(
        ops.convert_to_numpy(outputs.is_nearest()), [True, False, True]
    )
