import keras


@keras.saving.register_keras_serializable(package="keras_sphereface")
class UpdateSchedule(keras.optimizers.schedules.LearningRateSchedule):
    """A schedule that counts batches, read by the number of updates.

    With gradient accumulation, Keras asks a schedule for the learning rate at
    the batch of an update, not at the number of the update.

    Args:
        schedule: `LearningRateSchedule` over batches.
        steps: int, batches per update.
    """

    def __init__(self, schedule, steps):
        super().__init__()
        self.schedule = schedule
        self.steps = steps

    def __call__(self, step):
        return self.schedule(step * self.steps + (self.steps - 1))

    def get_config(self):
        return {
            "schedule": keras.optimizers.schedules.serialize(self.schedule),
            "steps": self.steps,
        }

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        config["schedule"] = keras.optimizers.schedules.deserialize(
            config["schedule"]
        )
        return cls(**config)
