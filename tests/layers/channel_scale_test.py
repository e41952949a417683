import keras
import numpy as np

from keras_sphereface.layers import ChannelScale


def test_each_channel_is_multiplied_by_a_number_of_its_own():
    layer = ChannelScale(0.5)
    maps = np.arange(24.0, dtype="float32").reshape(2, 2, 2, 3)
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(layer(maps)), maps / 2
    )
    layer.set_weights([np.float32([1, 0, -2])])
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(layer(maps))[0, 1, 1], [9, 0, -22]
    )


def test_saves_and_loads_inside_a_model(tmp_path):
    model = keras.Sequential([keras.Input((4, 3)), ChannelScale(0.25)])
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.layers[0].initial_scale == 0.25
    np.testing.assert_array_equal(loaded.get_weights()[0], [0.25] * 3)
