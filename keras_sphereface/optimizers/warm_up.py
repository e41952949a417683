import keras
from keras import ops

from keras_sphereface.contract.arguments import check_integer


@keras.saving.register_keras_serializable(package="keras_sphereface")
class WarmUp(keras.optimizers.schedules.LearningRateSchedule):
    """Linear growth from 0, then another schedule.

    Args:
        schedule: `LearningRateSchedule`, counted from the end of the warm-up.
        warmup_steps: int, updates of growth; `0` has none.
    """

    def __init__(self, schedule, warmup_steps):
        super().__init__()
        self.schedule = schedule
        self.warmup_steps = check_integer(
            "warmup_steps", warmup_steps, at_least=0
        )

    def __call__(self, step):
        step = ops.cast(step, "float32")
        after = ops.maximum(step - self.warmup_steps, 0.0)
        learning_rate = self.schedule(after)
        growth = ops.minimum(step / max(self.warmup_steps, 1), 1.0)
        return learning_rate * growth if self.warmup_steps else learning_rate

    def get_config(self):
        return {
            "schedule": keras.optimizers.schedules.serialize(self.schedule),
            "warmup_steps": self.warmup_steps,
        }

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        config["schedule"] = keras.optimizers.schedules.deserialize(
            config["schedule"]
        )
        return cls(**config)
