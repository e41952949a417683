import keras
import numpy as np
from gradients import value_and_gradients
from keras import ops

from keras_sphereface.ops import detach_characteristic


def test_forward_is_the_value_and_backward_the_cosine():
    variable = keras.Variable(np.float32([0.5, -0.25]))

    def total():
        cos_theta = ops.convert_to_tensor(variable)
        value = 3 * ops.square(cos_theta)
        return ops.sum(detach_characteristic(value, cos_theta))

    value, (gradient,) = value_and_gradients(total, [variable])
    np.testing.assert_allclose(value, 3 * 0.25 + 3 * 0.0625, rtol=1e-6)
    np.testing.assert_array_equal(gradient, 1)
