import keras
import numpy as np

from keras_sphereface.layers import TokenPositions


def test_each_place_has_a_vector_of_its_own():
    layer = TokenPositions()
    layer.build((None, 2, 3))
    positions = np.arange(6.0).reshape(1, 2, 3)
    layer.set_weights([positions])
    tokens = np.ones((4, 2, 3), "float32")
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(layer(tokens)), tokens + positions
    )
