import keras


@keras.saving.register_keras_serializable(package="keras_sphereface")
class PrecomputedLoss(keras.losses.Loss):
    """Loss values that a head has already computed, reduced by Keras.

    A head works on embeddings and integer labels, which a Keras loss does not
    see (it casts labels to float). So the head computes one value a sample
    and hands it over as `y_pred`; reduction, sample weights and the scaling
    under replicas stay Keras's own. `y_true` is not read.

    Args:
        reduction: As in `keras.losses.Loss`. Defaults to
            `"sum_over_batch_size"`.
        name: Defaults to `"precomputed_loss"`.
        dtype: Defaults to `"float32"` under any policy.
    """

    def __init__(
        self,
        reduction="sum_over_batch_size",
        name="precomputed_loss",
        dtype="float32",
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def call(self, y_true, y_pred):
        return y_pred
