import math

import keras
from keras import ops

from keras_sphereface.contract.arguments import check_integer
from keras_sphereface.layers.attention_heads import join_heads, split_heads

# Of PyTorch's `normalize`: norms below 1e-12 count as 1e-12.
_LEAST_SQUARED_NORM = 1e-24


@keras.saving.register_keras_serializable(package="keras_sphereface")
class CrossCovariance(keras.layers.Layer):
    """Attention between channels instead of tokens.

    Query and key are divided by their norm over the tokens, so their products,
    `channels / num_heads` squared in a head, are cosines; times a learned
    temperature of the head, and after a softmax, they weigh the channels of
    the value. The work grows with the tokens, not with their square. The
    dense layers before and after are not part of it.

    Norms and the softmax are computed in float32 under every policy.

    Args:
        num_heads: int, a divisor of the channels.
        **kwargs: `name` and other arguments of `keras.layers.Layer`.

    Input shape:
        `(batch_size, tokens, 3 * channels)` or `(batch_size, height, width,
        3 * channels)`: query, key and value.

    Output shape:
        That of the input with a third of the channels.

    Reference:
        - [El-Nouby et al., 2021](https://arxiv.org/abs/2106.09681), section 3.1
    """

    def __init__(self, num_heads, **kwargs):
        super().__init__(**kwargs)
        self.num_heads = check_integer("num_heads", num_heads, at_least=1)

    def build(self, input_shape):
        if input_shape[-1] % (3 * self.num_heads):
            raise ValueError(
                "`num_heads` must divide a third of the "
                f"{input_shape[-1]} channels of the input. "
                f"Received: num_heads={self.num_heads}"
            )
        self.temperature = self.add_weight(
            name="temperature", shape=(self.num_heads, 1, 1), initializer="ones"
        )

    def call(self, inputs):
        channels = inputs.shape[-1] // 3
        tokens = math.prod(inputs.shape[1:-1])
        query, key, value = (
            split_heads(part, self.num_heads, tokens)
            for part in ops.split(inputs, 3, axis=-1)
        )
        query = _unit_over_tokens(query)
        key = _unit_over_tokens(key)
        cosines = ops.matmul(ops.swapaxes(query, -1, -2), key)
        cosines = ops.cast(cosines, "float32")
        temperature = ops.cast(self.temperature, "float32")
        weights = ops.softmax(cosines * temperature, axis=-1)
        weights = ops.cast(weights, value.dtype)
        heads = ops.matmul(value, ops.swapaxes(weights, -1, -2))
        return join_heads(heads, (*inputs.shape[1:-1], channels))

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], input_shape[-1] // 3)

    def get_config(self):
        return {**super().get_config(), "num_heads": self.num_heads}


def _unit_over_tokens(x):
    squares = ops.square(ops.cast(x, "float32"))
    squared_norm = ops.sum(squares, axis=-2, keepdims=True)
    scale = ops.rsqrt(ops.maximum(squared_norm, _LEAST_SQUARED_NORM))
    # Half precision holds no 1e12, the scale of a zero.
    return ops.cast(ops.cast(x, "float32") * scale, x.dtype)
