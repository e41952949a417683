"""The types that a setting of a config may have."""

import types
import typing


def types_of(config_class):
    """The types of each setting of a config, from its annotations.

    Args:
        config_class: dataclass.

    Returns:
        Dict of tuples of types by the name of the setting: `(float, NoneType)`
        for `float | None`, `(tuple,)` for `tuple[int, int]`.
    """
    return {
        name: tuple(typing.get_origin(kind) or kind for kind in _options(hint))
        for name, hint in typing.get_type_hints(config_class).items()
    }


def editable_type(kinds):
    """What a command line reads a setting as.

    Args:
        kinds: tuple of types, as `types_of` has them.

    Returns:
        The type beside `None`; `object`, any literal, where there are several.
    """
    values = [kind for kind in kinds if kind is not types.NoneType]
    return values[0] if len(values) == 1 else object


def _options(hint):
    is_union = isinstance(hint, types.UnionType)
    return typing.get_args(hint) if is_union else (hint,)
