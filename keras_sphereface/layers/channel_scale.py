import keras

from keras_sphereface.contract.arguments import check_number


@keras.saving.register_keras_serializable(package="keras_sphereface")
class ChannelScale(keras.layers.Layer):
    """Multiplies each channel by a learned number, layer scale.

    A branch beside an identity that starts nearly at nothing lets deep
    networks train.

    Args:
        initial_scale: float. Defaults to `1e-6`.
        **kwargs: `name` and other arguments of `keras.layers.Layer`.

    Input shape:
        `(batch_size, ..., channels)`.

    Output shape:
        That of the input.

    Reference:
        - [Touvron et al., 2021](https://arxiv.org/abs/2103.17239), section 2
    """

    def __init__(self, initial_scale=1e-6, **kwargs):
        super().__init__(**kwargs)
        self.initial_scale = check_number("initial_scale", initial_scale)

    def build(self, input_shape):
        self.gamma = self.add_weight(
            name="gamma",
            shape=(input_shape[-1],),
            initializer=keras.initializers.Constant(self.initial_scale),
        )

    def call(self, inputs):
        return inputs * self.gamma

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "initial_scale": self.initial_scale}
