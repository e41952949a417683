import keras


@keras.saving.register_keras_serializable(package="keras_sphereface")
class TokenPositions(keras.layers.Layer):
    """Adds a learned vector to each token, one for each place.

    Args:
        **kwargs: `name` and other arguments of `keras.layers.Layer`.

    Input shape:
        `(batch_size, tokens, channels)`.

    Output shape:
        That of the input.
    """

    def build(self, input_shape):
        self.positions = self.add_weight(
            name="positions",
            shape=(1, *input_shape[1:]),
            initializer=keras.initializers.TruncatedNormal(stddev=0.02),
        )

    def call(self, inputs):
        return inputs + self.positions

    def compute_output_shape(self, input_shape):
        return input_shape
