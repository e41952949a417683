"""Checks that all parts of a config need."""

from keras_sphereface.contract.arguments import (
    check_flag,
    check_integer,
    check_number,
)


def check_counts(config, **at_least):
    """Makes ints of settings that count, or raises a `ValueError`.

    Args:
        config: frozen dataclass, in its `__post_init__`.
        **at_least: the lowest right value of each setting, by its name.
    """
    for name, least in at_least.items():
        count = check_integer(name, getattr(config, name), at_least=least)
        object.__setattr__(config, name, count)


def check_numbers(config, **ranges):
    """Makes floats of settings that measure, or raises a `ValueError`.

    `None` is right where it is the default.

    Args:
        config: frozen dataclass, in its `__post_init__`.
        **ranges: dict of the bounds that `check_number` takes, by the name of
            the setting.
    """
    for name, bounds in ranges.items():
        if not _is_left_out(config, name):
            number = check_number(name, getattr(config, name), **bounds)
            object.__setattr__(config, name, number)


def check_flags(config, *names):
    """Makes bools of settings that are true or false, or raises a `ValueError`.

    `None` is right where it is the default.

    Args:
        config: frozen dataclass, in its `__post_init__`.
        *names: str.
    """
    for name in names:
        if not _is_left_out(config, name):
            flag = check_flag(name, getattr(config, name))
            object.__setattr__(config, name, flag)


def check_arguments(owner, arguments, known):
    """Raises a `ValueError` at an argument that its owner has not.

    Args:
        owner: str, what an error calls it, such as `"head 'arcface'"`.
        arguments: dict.
        known: names that the owner has.
    """
    for name, value in arguments.items():
        if name not in known:
            raise ValueError(
                f"{owner} has no argument {name!r}; it has {sorted(known)}. "
                f"Received: {name}={value!r}"
            )


def _is_left_out(config, name):
    default = type(config).__dataclass_fields__[name].default
    return default is None and getattr(config, name) is None
