import keras
from keras import ops

from keras_sphereface.backend.fused_batch_norm import (
    can_fuse_batch_norm,
    fused_batch_norm,
)


@keras.saving.register_keras_serializable(package="keras_sphereface")
class FusedBatchNormalization(keras.layers.BatchNormalization):
    """`keras.layers.BatchNormalization`, four times as fast in training.

    Keras 3 computes batch statistics and their gradients from separate
    operations. On the TensorFlow backend, for feature maps with channels
    last, this layer trains through TensorFlow's fused kernel, with the same
    outputs, gradients and moving statistics to float32 rounding. Everywhere
    else (inference, other backends and shapes, masks, `synchronized=True`) it
    is Keras's own layer.

    Args:
        **kwargs: those of `keras.layers.BatchNormalization`.
    """

    def call(self, inputs, training=None, mask=None):
        if not (training and self.trainable and self._can_fuse(inputs, mask)):
            return super().call(inputs, training=training, mask=mask)
        channels = inputs.shape[-1]
        outputs, mean, variance = fused_batch_norm(
            inputs,
            self.gamma if self.scale else ops.ones((channels,)),
            self.beta if self.center else ops.zeros((channels,)),
            epsilon=self.epsilon,
        )
        for moving, batch in (
            (self.moving_mean, mean),
            (self.moving_variance, variance),
        ):
            moving.assign(
                moving * self.momentum + batch * (1.0 - self.momentum)
            )
        return outputs

    def _can_fuse(self, inputs, mask):
        return (
            can_fuse_batch_norm(inputs)
            and self.axis in (-1, 3)
            and mask is None
            and not self.synchronized
            # Keras has batch renormalization from 3.14 on.
            and not getattr(self, "renorm", False)
        )
