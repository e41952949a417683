"""The settings of a head in a config that may still change."""

from ml_collections import ConfigDict, config_dict

from keras_sphereface import heads
from keras_sphereface.training.config import HeadConfig


class HeadSettings(ConfigDict):
    """Name and arguments of a head; another name brings its own defaults.

    What was written for one head has no meaning for another: when the name
    changes, all goes but what was assigned since, as a command line does with
    `--config.head.name=arcface --config.head.margin=0.4`, in any order.

    Args:
        name: str, as `heads.get` takes it. Defaults to `"spherefacer"`.
        arguments: dict, those that are not the defaults. Defaults to none.
    """

    # A copy is made without arguments and filled afterward.
    def __init__(self, name=HeadConfig.name, arguments=()):
        super().__init__()
        object.__setattr__(self, "_assigned", set())
        self._fill(name, dict(arguments))

    def __setitem__(self, key, value):
        if key == "name" and value != self.name:
            self._fill(
                value, {each: self[each] for each in sorted(self._assigned)}
            )
        else:
            super().__setitem__(key, value)
            self._assigned.add(key)

    def __setstate__(self, state):
        super().__setstate__(state)
        object.__setattr__(self, "_assigned", set(state["_assigned"]))

    def _fill(self, name, arguments):
        settings = {"name": name, **heads.defaults(name), **arguments}
        self._fields.clear()
        for key, value in settings.items():
            # What is `None` or `"auto"` may become anything.
            if value is None or value == "auto":
                value = config_dict.FieldReference(value, field_type=object)
            self._fields[key] = value
