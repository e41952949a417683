import math

import keras
from keras import ops

from keras_sphereface.contract.arguments import check_integer, check_number

_EPSILON = 1e-6


@keras.saving.register_keras_serializable(package="keras_sphereface")
class FourierPositions(keras.layers.Layer):
    """Adds a learned linear map of the sines of its place to each place.

    Rows and columns are counted from 1 and divided by their number, so a place
    has nearly the same code in maps of any size; each gives sines and cosines
    of `num_waves` wavelengths that grow geometrically.

    Args:
        num_waves: int, even, values for a row and for a column. Defaults to
            `32`.
        temperature: float above 1, nearly the ratio of the longest wavelength
            to the shortest. Defaults to `10000.0`.
        **kwargs: `name` and other arguments of `keras.layers.Layer`.

    Input shape:
        `(batch_size, height, width, channels)`.

    Output shape:
        That of the input.

    Reference:
        - [El-Nouby et al., 2021](https://arxiv.org/abs/2106.09681), section 4.1
        - [Vaswani et al., 2017](https://arxiv.org/abs/1706.03762), section 3.5
    """

    def __init__(self, num_waves=32, temperature=10000.0, **kwargs):
        super().__init__(**kwargs)
        self.num_waves = check_integer("num_waves", num_waves, at_least=2)
        if self.num_waves % 2:
            raise ValueError(
                "`num_waves` must be even, sines and cosines by turns. "
                f"Received: num_waves={num_waves}"
            )
        self.temperature = check_number("temperature", temperature, above=1)

    def build(self, input_shape):
        channels = input_shape[-1]
        self.kernel = self.add_weight(
            name="kernel",
            shape=(2 * self.num_waves, channels),
            initializer=keras.initializers.TruncatedNormal(stddev=0.02),
        )
        self.bias = self.add_weight(
            name="bias", shape=(channels,), initializer="zeros"
        )

    def call(self, inputs):
        height, width = inputs.shape[1:3]
        # The map of row and column side by side is the sum of two.
        rows = ops.matmul(self._waves(height), self.kernel[: self.num_waves])
        columns = ops.matmul(self._waves(width), self.kernel[self.num_waves :])
        codes = rows[:, None] + columns[None] + self.bias
        return inputs + codes

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "num_waves": self.num_waves,
            "temperature": self.temperature,
        }

    def _waves(self, length):
        """Sine and cosine by turns, `(length, num_waves)`."""
        waves = []
        for place in range(1, length + 1):
            turn = 2 * math.pi * place / (length + _EPSILON)
            phases = [
                turn / self.temperature ** (number / self.num_waves)
                for number in range(0, self.num_waves, 2)
            ]
            waves.append(
                [wave(x) for x in phases for wave in (math.sin, math.cos)]
            )
        return ops.convert_to_tensor(waves, dtype=self.compute_dtype)
