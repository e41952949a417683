"""Configs from files and from the command line."""

import dataclasses

from keras_sphereface.training.config import TrainConfig
from keras_sphereface.training.head_config import HeadConfig
from keras_sphereface.training.optimizer_config import OptimizerConfig
from keras_sphereface.training.setting_types import editable_type, types_of

# Their `arguments` stand beside their other settings.
_NAMED = (HeadConfig, OptimizerConfig)


def editable(config):
    """A config as the ConfigDict that a `--config` file returns.

    Every setting is there, the defaults of head and optimizer included, so that
    the command line can change it, to what its dataclass says it may be; a name
    that is not there is an error. Another name of a head or an optimizer brings
    that one's defaults.

    Args:
        config: `TrainConfig` or `HeadStudy`.

    Returns:
        `ml_collections.ConfigDict`.

    Example: a config file

    ```python
    def get_config():
        return editable(TrainConfig(epochs=30))
    ```

    read with `ml_collections.config_flags.DEFINE_config_file("config")`, takes
    `--config.head.margin=1.5`. With `lock_config=False,
    accept_new_attributes=True` it takes those of another head or optimizer
    too: `--config.head.name=my_heads:LinearHead --config.head.slope=2`.
    """
    import ml_collections

    return ml_collections.ConfigDict(_settings(config))


def from_config_dict(config_dict, config_class=TrainConfig):
    """The config of a ConfigDict or of nested dicts.

    Args:
        config_dict: what `editable` returned, or `to_dict` of the config.
        config_class: `TrainConfig` or `HeadStudy`. Defaults to `TrainConfig`.

    Returns:
        `config_class`; an unknown setting or a wrong type is an error.
    """
    content = getattr(config_dict, "to_dict", lambda: config_dict)()
    return _read(config_class, content, "config")


def _settings(config):
    """Nested settings, each with the type it may be changed to."""
    from ml_collections import config_dict

    from keras_sphereface.training.head_settings import HeadSettings
    from keras_sphereface.training.optimizer_settings import OptimizerSettings

    content = {}
    for name, kinds in types_of(type(config)).items():
        value = getattr(config, name)
        if isinstance(value, HeadConfig):
            content[name] = HeadSettings(value)
        elif isinstance(value, OptimizerConfig):
            content[name] = OptimizerSettings(value)
        elif dataclasses.is_dataclass(value):
            content[name] = _settings(value)
        elif kinds == (dict,):
            content[name] = dict(value)
        else:
            content[name] = config_dict.FieldReference(
                value, field_type=editable_type(kinds)
            )
    return content


def _read(config_class, content, path):
    if not isinstance(content, dict):
        raise ValueError(
            f"`{path}` must be a dict of settings. Received: {content!r}"
        )
    kinds = types_of(config_class)
    if config_class in _NAMED:
        settings = kinds.keys() - {"arguments"}
        own = {name: content[name] for name in content if name not in settings}
        content = {name: content[name] for name in content if name in settings}
        content["arguments"] = own
    values = {}
    for name, value in content.items():
        if name not in kinds:
            raise ValueError(
                f"`{path}` has no setting {name!r}; it has {sorted(kinds)}. "
                f"Received: {name}={value!r}"
            )
        part = kinds[name][0]
        if dataclasses.is_dataclass(part):
            values[name] = _read(part, value, f"{path}.{name}")
        else:
            values[name] = _typed(value, kinds[name], f"{path}.{name}")
    try:
        return config_class(**values)
    except ValueError as error:
        raise ValueError(f"`{path}`: {error}") from error


def _typed(value, kinds, path):
    """The value, if it is of a type that its field is annotated with."""
    if type(value) is list and tuple in kinds:  # JSON has no tuples
        return tuple(value)
    if type(value) is int and float in kinds:
        return float(value)
    if type(value) in kinds:
        return value
    expected = " or ".join(kind.__name__ for kind in kinds)
    raise ValueError(
        f"`{path}` must be of type {expected}. Received: {value!r}"
    )
