"""Checks that several files of this folder need."""

import operator


def whole_number(name, value, *, at_least):
    """An argument as int, checked.

    Args:
        name: str, what an error calls the argument.
        value: int, or anything that stands for one; no bool.
        at_least: int, the lowest value that is right.

    Returns:
        Int.
    """
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool) or number < at_least:
        raise ValueError(
            f"`{name}` must be an integer of at least {at_least}. "
            f"Received: {name}={value!r}"
        )
    return number
