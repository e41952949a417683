import keras
from keras import ops


@keras.saving.register_keras_serializable(package="keras_sphereface")
class FusedPReLU(keras.layers.PReLU):
    """`keras.layers.PReLU`, nearly twice as fast in training.

    `max(x, 0) + slope * min(x, 0)`. Keras makes it of five operations, each a
    pass over the map, and as many for the gradient. On the TensorFlow backend,
    where nothing fuses them, this layer trains with a gradient of its own in
    two products and one sum; outputs and gradients are the same to rounding,
    and the slopes' gradient is summed in float32 under every policy. Everywhere
    else (inference, so that TFLite gets one PRELU operation, and other
    backends, whose compilers fuse) it is Keras's own layer.

    Args:
        **kwargs: those of `keras.layers.PReLU`.
    """

    def call(self, inputs, training=None):
        if not (training and keras.backend.backend() == "tensorflow"):
            return super().call(inputs)
        # With an axis for the batch, and a tensor: a gradient of one's own
        # takes no variables.
        return _prelu(inputs, ops.expand_dims(self.alpha, 0))


@ops.custom_gradient
def _prelu(inputs, slopes):
    # One product with 1 or the slope, the same factor as the gradient's.
    factors = ops.where(inputs > 0, ops.ones_like(slopes), slopes)

    def gradient(*args, upstream=None):
        (upstream,) = args or (upstream,)
        products = ops.cast(upstream * ops.minimum(inputs, 0), "float32")
        shared = [axis for axis, size in enumerate(slopes.shape) if size == 1]
        sums = ops.sum(products, axis=shared, keepdims=True)
        return (
            upstream * ops.where(inputs > 0, ops.ones_like(slopes), slopes),
            ops.cast(sums, slopes.dtype),
        )

    return inputs * factors, gradient
