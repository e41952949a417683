import keras
from keras import ops

from keras_sphereface.backend.replicas import (
    replica_index_and_count,
    sum_over_replicas,
)


@keras.saving.register_keras_serializable(package="keras_sphereface")
class ReplicaLossScaleOptimizer(keras.optimizers.LossScaleOptimizer):
    """`keras.optimizers.LossScaleOptimizer` that asks every replica.

    Keras takes the check for overflow from the first replica, before the
    gradients are reduced. Under `tf.distribute.MirroredStrategy` an overflow
    on any other replica then goes unnoticed and leaves NaN in all weights.
    Here a step is taken only if the gradients of all replicas are finite;
    else all of them skip it and the scale halves. With one replica, and on
    other backends, it is Keras's own optimizer.

    `FaceRecognizer.compile` uses it automatically under `mixed_float16`.

    Args:
        inner_optimizer: `keras.optimizers.Optimizer` to wrap.
        **kwargs: other arguments of `keras.optimizers.LossScaleOptimizer`.

    Example:

    ```python
    optimizer = ReplicaLossScaleOptimizer(keras.optimizers.SGD(0.1))
    model.compile(optimizer, loss)
    ```
    """

    def check_finite(self, grads):
        finite = ops.cast(super().check_finite(grads), "int32")
        _, num_replicas = replica_index_and_count()
        return ops.equal(sum_over_replicas(finite), num_replicas)
