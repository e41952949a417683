"""The checks of arguments, with one wording in every folder.

Each returns the value in its plain type, so that a configuration holds Python
numbers whatever a caller gave, or raises a `ValueError` that names the
argument, what was expected and what was received.
"""

import math
import numbers
import operator
from collections.abc import Hashable, Iterable, Mapping, Set
from typing import Any, TypeVar

import numpy as np

_BOOLS = (bool, np.bool_)
_Value = TypeVar("_Value")


def check_integer(
    name: str,
    value: Any,
    *,
    at_least: int | None = None,
    at_most: int | None = None,
    reason: str = "",
) -> int:
    """An argument as int, within its bounds.

    A bool is refused: it is one or zero only by accident of Python.

    Args:
        name: str, what an error calls the argument.
        value: int, or a NumPy integer.
        at_least: int, the lowest right value. Defaults to `None`, no bound.
        at_most: int, the highest right value. Defaults to `None`, no bound.
        reason: str, words between the name and "must", such as `"counts
            faces, so it"`. Defaults to `""`.

    Returns:
        Int.
    """
    number = _as_integer(value)
    if (
        number is None
        or (at_least is not None and number < at_least)
        or (at_most is not None and number > at_most)
    ):
        expected = "an integer" + _integer_range(at_least, at_most)
        raise _error(name, value, expected, reason)
    return number


def check_number(
    name: str,
    value: Any,
    *,
    at_least: float | None = None,
    above: float | None = None,
    at_most: float | None = None,
    below: float | None = None,
    reason: str = "",
) -> float:
    """An argument as float, within its bounds and finite.

    Infinity is right only where a bound includes it: `at_most=math.inf`.

    Args:
        name: str, what an error calls the argument.
        value: int, float or a NumPy scalar; neither NaN nor a bool.
        at_least: float, the lowest right value. Defaults to `None`.
        above: float, the bound that every right value is above; in place of
            `at_least`. Defaults to `None`.
        at_most: float, the highest right value. Defaults to `None`.
        below: float, the bound that every right value is below; in place of
            `at_most`. Defaults to `None`.
        reason: str, words between the name and "must", such as `"multiplies
            the angle, so it"`. Defaults to `""`.

    Returns:
        Float.
    """
    number = _as_float(value)
    limits = _number_range(at_least, above, at_most, below)
    if number is None or math.isnan(number):
        raise _error(name, value, _of("a number", limits), reason)
    if math.isinf(number) and number not in (at_least, at_most):
        raise _error(name, value, _of("a finite number", limits), reason)
    if (
        (at_least is not None and number < at_least)
        or (above is not None and number <= above)
        or (at_most is not None and number > at_most)
        or (below is not None and number >= below)
    ):
        raise _error(name, value, limits, reason)
    return number


def check_choice(
    name: str, value: _Value, choices: Iterable, *, reason: str = ""
) -> _Value:
    """An argument that is one of few values.

    Args:
        name: str, what an error calls the argument.
        value: Of any type; `True` is not `1` here.
        choices: iterable of the right values, in the order an error lists.
        reason: str, words between the name and "must". Defaults to `""`.

    Returns:
        `value`.
    """
    choices = list(choices)
    is_known = isinstance(value, Hashable) and any(
        isinstance(value, _BOOLS) == isinstance(choice, _BOOLS)
        and value == choice
        for choice in choices
    )
    if not is_known:
        raise _error(name, value, f"one of {choices}", reason)
    return value


def check_flag(name: str, value: Any) -> bool:
    """An argument as bool.

    Args:
        name: str, what an error calls the argument.
        value: bool, or one of NumPy.

    Returns:
        Bool.
    """
    if not isinstance(value, _BOOLS):
        raise _error(name, value, "True or False", "")
    return bool(value)


def check_sizes(
    name: str,
    value: Any,
    *,
    at_least: int = 1,
    length: int | None = None,
    reason: str = "",
) -> tuple[int, ...]:
    """An argument as tuple of ints: a shape, or counts in their order.

    Args:
        name: str, what an error calls the argument.
        value: sequence or array of ints.
        at_least: int, the lowest right value of each. Defaults to `1`.
        length: int, how many there must be. Defaults to `None`, any number.
        reason: str, words between the name and "must". Defaults to `""`.

    Returns:
        Tuple of ints.
    """
    is_ordered = isinstance(value, Iterable) and not isinstance(
        value, bytes | Mapping | Set
    )
    try:
        sizes = [_as_integer(size) for size in value] if is_ordered else [None]
    except TypeError:  # An array without axes.
        sizes = [None]
    right = tuple(
        size for size in sizes if size is not None and size >= at_least
    )
    if len(right) != len(sizes) or length not in (None, len(sizes)):
        count = "" if length is None else f"{length} "
        expected = f"{count}integers of at least {at_least}"
        raise _error(name, value, expected, reason)
    return right


def _as_integer(value: Any) -> int | None:
    if isinstance(value, _BOOLS):
        return None
    try:
        return operator.index(value)
    except TypeError:
        return None


def _as_float(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return None
    try:
        return float(value)
    except OverflowError:  # An int past the largest float.
        return -math.inf if value < 0 else math.inf


def _integer_range(at_least: int | None, at_most: int | None) -> str:
    if at_least is None and at_most is None:
        return ""
    if at_most is None:
        return f" of at least {at_least}"
    if at_least is None:
        return f" of at most {at_most}"
    return f" from {at_least} to {at_most}"


def _number_range(
    at_least: float | None,
    above: float | None,
    at_most: float | None,
    below: float | None,
) -> str:
    low, high = (
        None if bound is None else str(bound).removesuffix(".0")
        for bound in (
            at_least if above is None else above,
            at_most if below is None else below,
        )
    )
    if low is not None and high is not None:
        opening = "[" if above is None else "("
        closing = "]" if below is None else ")"
        return f"in {opening}{low}, {high}{closing}"
    if low is not None:
        return f"at least {low}" if above is None else f"above {low}"
    if high is not None:
        return f"at most {high}" if below is None else f"below {high}"
    return ""


def _of(noun: str, limits: str) -> str:
    joint = " of " if limits.startswith("at ") else " " if limits else ""
    return f"{noun}{joint}{limits}"


def _error(name: str, value: Any, expected: str, reason: str) -> ValueError:
    because = f"{reason} " if reason else ""
    return ValueError(
        f"`{name}` {because}must be {expected}. Received: {name}={value!r}"
    )
