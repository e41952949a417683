import keras
from keras import ops

from keras_sphereface.contract.arguments import check_integer
from keras_sphereface.layers.attention_heads import join_heads, split_heads


@keras.saving.register_keras_serializable(package="keras_sphereface")
class SelfAttention(keras.layers.Layer):
    """Multi-head self-attention with one matrix for query, key and value.

    The matrix has no bias, the projection of the heads has one, as in
    InsightFace's transformers; `keras.layers.MultiHeadAttention` has both or
    none. The softmax is computed in float32 under every policy.

    Args:
        num_heads: int, a divisor of the channels.
        **kwargs: `name` and other arguments of `keras.layers.Layer`.

    Input shape:
        `(batch_size, tokens, channels)`.

    Output shape:
        That of the input.

    Reference:
        - [Vaswani et al., 2017](https://arxiv.org/abs/1706.03762), section 3.2
    """

    def __init__(self, num_heads, **kwargs):
        super().__init__(**kwargs)
        self.num_heads = check_integer("num_heads", num_heads, at_least=1)

    def build(self, input_shape):
        channels = input_shape[-1]
        if channels % self.num_heads:
            raise ValueError(
                f"`num_heads` must divide the {channels} channels. "
                f"Received: num_heads={self.num_heads}"
            )
        initializer = keras.initializers.TruncatedNormal(stddev=0.02)
        self.qkv_kernel = self.add_weight(
            name="qkv_kernel",
            shape=(channels, 3 * channels),
            initializer=initializer,
        )
        self.kernel = self.add_weight(
            name="kernel",
            shape=(channels, channels),
            initializer=initializer.clone(),
        )
        self.bias = self.add_weight(
            name="bias", shape=(channels,), initializer="zeros"
        )

    def call(self, inputs):
        tokens, channels = inputs.shape[1:]
        size = channels // self.num_heads
        # (batch_size, tokens, channels) each
        parts = ops.split(ops.matmul(inputs, self.qkv_kernel), 3, axis=-1)
        query, key, value = (
            split_heads(part, self.num_heads, tokens) for part in parts
        )
        scores = ops.matmul(query * size**-0.5, ops.swapaxes(key, -1, -2))
        weights = ops.softmax(ops.cast(scores, "float32"), axis=-1)
        heads = ops.matmul(ops.cast(weights, value.dtype), value)
        heads = join_heads(heads, (tokens, channels))
        return ops.matmul(heads, self.kernel) + self.bias

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "num_heads": self.num_heads}
