"""Checks that several configs need."""


def check_choice(name, value, choices):
    """Raises `ValueError` unless a setting is one of its choices.

    Args:
        name: str, what the error calls the setting.
        value: the setting.
        choices: collection of the right ones.
    """
    if value not in choices:
        raise ValueError(
            f"`{name}` must be one of {list(choices)}. "
            f"Received: {name}={value!r}"
        )


def check_count(name, value, at_least=1):
    """Raises `ValueError` unless a setting is an int that is large enough.

    Args:
        name: str, what the error calls the setting.
        value: the setting.
        at_least: int. Defaults to `1`.
    """
    if not isinstance(value, int) or value < at_least:
        raise ValueError(
            f"`{name}` must be an integer of at least {at_least}. "
            f"Received: {name}={value!r}"
        )
