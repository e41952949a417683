"""Settings of a thing that goes by name, in a config that may still change."""

from ml_collections import ConfigDict, config_dict


class NamedSettings(ConfigDict):
    """Name and settings of a thing; another name brings its own defaults.

    What a config file wrote for one thing has no meaning for another: when the
    name changes, all goes but what was assigned since, as a command line does
    with `--config.head.name=arcface --config.head.margin=0.4`, in any order.
    What was assigned stays even where the new thing has no such setting, so
    that reading the config says so.

    A subclass says what a name brings, in `_defaults`.

    Args:
        name: str.
        settings: dict, those that are not the defaults.
    """

    # Settings that mean the same whatever the name is.
    _shared = ()

    def __init__(self, name, settings):
        super().__init__()
        object.__setattr__(self, "_assigned", set())
        self._fill(name, settings)

    def __setitem__(self, key, value):
        if key == "name" and value != self.name:
            kept = self._assigned.union(self._shared)
            self._fill(value, {each: self[each] for each in sorted(kept)})
        else:
            super().__setitem__(key, value)
            self._assigned.add(key)

    def __setstate__(self, state):
        super().__setstate__(state)
        object.__setattr__(self, "_assigned", set(state["_assigned"]))

    def _defaults(self, name):
        raise NotImplementedError

    def _type(self, setting):
        """What a command line may change a setting to: here, anything."""
        return object

    def _fill(self, name, settings):
        content = {**self._defaults(name), **settings}
        self._fields.clear()
        self._fields["name"] = name
        for key, value in content.items():
            self._fields[key] = config_dict.FieldReference(
                value, field_type=self._type(key)
            )
