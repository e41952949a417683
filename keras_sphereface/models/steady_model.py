import keras
from keras import ops

from keras_sphereface.backend import StepState, steady_step


@keras.saving.register_keras_serializable(package="keras_sphereface")
class SteadyModel(keras.Model):
    """`keras.Model` whose statistics skip steps that are not finite.

    A forward pass assigns moving means and variances of batch norms, and the
    running statistics of heads such as `AdaFaceHead`, before anyone knows
    whether the step will be taken. In Keras one overflow, which loss scaling
    skips, makes them NaN for ever. Here a step that is not finite leaves them
    as they were, whichever layer they belong to, on all replicas alike.
    `FaceRecognizer` does so by itself; this is for a model of your own, such
    as a functional one with a head in it.

    Args:
        *args: those of `keras.Model`: inputs and outputs, or none.
        **kwargs: the same.

    Example:

    ```python
    logits = ks.heads.get("adaface", 10572)(embedder.output, labels)
    model = ks.models.SteadyModel([embedder.input, labels], logits)
    ```
    """

    train_step = steady_step(keras.Model.train_step)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._non_finite_losses = keras.metrics.Sum(name="non_finite_losses")

    def make_train_function(self, force=False):
        self.step_state = StepState(self, self._non_finite_losses)
        return super().make_train_function(force)

    def compute_loss(self, *args, **kwargs):
        loss = super().compute_loss(*args, **kwargs)
        self._non_finite_losses.update_state(~ops.isfinite(loss))
        return loss

    def get_metrics_result(self):
        """As `keras.Model.get_metrics_result`, without `count_faults`."""
        results = super().get_metrics_result()
        results.pop(self._non_finite_losses.name, None)
        return results

    def count_faults(self):
        """What cannot train, counted since the epoch began.

        Returns:
            Dict of int: `non_finite_losses`, steps whose loss is NaN or
            infinite.
        """
        count = ops.convert_to_numpy(self._non_finite_losses.result())
        return {self._non_finite_losses.name: int(count)}
