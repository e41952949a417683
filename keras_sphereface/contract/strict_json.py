"""JSON of which nothing is guessed: no key twice, no NaN, no key unknown."""

import json
from collections.abc import Iterable, Set
from dataclasses import Field
from typing import Any, NoReturn


def read_strictly(text: str | bytes) -> Any:
    """Reads JSON text.

    Args:
        text: str or UTF-8 bytes.

    Returns:
        JSON types.

    Raises:
        ValueError: no JSON, a key that appears twice, NaN or infinity.
        RecursionError: nested too deep.
    """
    return json.loads(
        text, object_pairs_hook=_unique_keys, parse_constant=_refuse_constant
    )


def check_keys(
    name: str,
    content: object,
    expected_fields: Iterable[Field],
    optional: Set[str] = frozenset(),
) -> None:
    """Raises if an object has not the keys of a dataclass.

    Args:
        name: str, what an error calls the object.
        content: what stands in its place.
        expected_fields: fields of the dataclass.
        optional: names that may be missing. Defaults to none.
    """
    if not isinstance(content, dict):
        raise ValueError(f"{name} must be a JSON object. Received: {content!r}")
    expected = {item.name for item in expected_fields}
    missing = expected - set(content) - optional
    if missing or set(content) - expected:
        raise ValueError(
            f"{name} has wrong keys: "
            f"missing {sorted(missing)}, "
            f"unknown {sorted(set(content) - expected)}"
        )


def _unique_keys(items: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(items)
    if len(content) != len(items):
        raise ValueError("a key appears twice")
    return content


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")
