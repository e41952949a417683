"""The head of a run."""

from dataclasses import dataclass, field

import keras

from keras_sphereface import heads
from keras_sphereface.training.config_checks import check_arguments


@dataclass(frozen=True)
class HeadConfig:
    """The head that turns embeddings into class logits.

    Args:
        name: str, one of `heads.names()`, or `"module:name"` of a head class.
        arguments: dict, the head's own arguments but `num_classes`; those left
            out have the head's defaults. A schedule becomes its Keras config.
    """

    name: str = "spherefacer"
    arguments: dict = field(default_factory=dict)

    def __post_init__(self):
        known = heads.defaults(self.name)
        check_arguments(f"head {self.name!r}", self.arguments, known)
        arguments = {
            name: _as_json(value) for name, value in self.arguments.items()
        }
        object.__setattr__(self, "arguments", arguments)
        # A head checks its numbers when it is made, for however many classes.
        # To look at a schedule would start the devices, before the run has
        # said which there are.
        numbers = {
            name: value
            for name, value in arguments.items()
            if not isinstance(value, dict)
        }
        heads.get(self.name, 2, **numbers)

    def to_dict(self):
        """The arguments beside the name."""
        return {"name": self.name, **self.arguments}


def _as_json(value):
    is_schedule = isinstance(
        value, keras.optimizers.schedules.LearningRateSchedule
    )
    return keras.saving.serialize_keras_object(value) if is_schedule else value
