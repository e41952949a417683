"""Configs from files and from the command line."""

import dataclasses
import types
import typing

from keras_sphereface import heads
from keras_sphereface.training.config import HeadConfig, TrainConfig


def editable(config):
    """A config as the ConfigDict that a `--config` file returns.

    Every setting is there, the head's defaults included, so that the command
    line can change it; a name that is not there is an error. Another name of a
    head brings that head's defaults.

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
    accept_new_attributes=True` it takes those of another head too:
    `--config.head.name=my_heads:LinearHead --config.head.slope=2`.
    """
    import ml_collections

    from keras_sphereface.training.head_settings import HeadSettings

    content = _with_placeholders(config, config.to_dict())
    if isinstance(config, TrainConfig):
        content["head"] = HeadSettings(config.head.name, config.head.arguments)
    return ml_collections.ConfigDict(content)


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


def _read(config_class, content, path):
    if config_class is HeadConfig:
        return _read_head(content, path)
    if not isinstance(content, dict):
        raise ValueError(
            f"`{path}` must be a dict of settings. Received: {content!r}"
        )
    types_of = typing.get_type_hints(config_class)
    _check_names(path, content, types_of)
    values = {}
    for name, value in content.items():
        if dataclasses.is_dataclass(types_of[name]):
            values[name] = _read(types_of[name], value, f"{path}.{name}")
        else:
            values[name] = _checked(types_of[name], value, f"{path}.{name}")
    return config_class(**values)


def _read_head(content, path):
    arguments = dict(content)
    name = arguments.pop("name", HeadConfig.name)
    _check_names(f"{path} ({name})", arguments, heads.defaults(name))
    return HeadConfig(name, arguments)


def _check_names(path, content, known):
    for name in content:
        if name not in known:
            raise ValueError(
                f"`{path}` has no setting {name!r}; it has {sorted(known)}. "
                f"Received: {name}={content[name]!r}"
            )


def _checked(kind, value, path):
    """The value, if it is of the kind that its field is annotated with."""
    options = (
        typing.get_args(kind) if isinstance(kind, types.UnionType) else (kind,)
    )
    for option in options:
        if typing.get_origin(option) is tuple:
            if isinstance(value, (tuple, list)):
                return tuple(value)
        elif option is float and type(value) is int:
            return float(value)
        elif type(value) is option:
            return value
    expected = " or ".join(getattr(o, "__name__", str(o)) for o in options)
    raise ValueError(
        f"`{path}` must be of type {expected}. Received: {value!r}"
    )


def _with_placeholders(config, content):
    """The content, where a `None` keeps the type it may be changed to."""
    from ml_collections import config_dict

    types_of = typing.get_type_hints(type(config))
    for name, value in content.items():
        kind = types_of.get(name)
        if dataclasses.is_dataclass(kind) and kind is not HeadConfig:
            content[name] = _with_placeholders(getattr(config, name), value)
        elif value is None and kind is not None:
            option = next(
                o for o in typing.get_args(kind) if o is not type(None)
            )
            content[name] = config_dict.placeholder(
                typing.get_origin(option) or option
            )
    return content
