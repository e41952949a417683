"""Reading the pickles of verification sets without running anything."""

import io
from typing import Any

from keras_sphereface.files.pickle_machine import PickleMachine
from keras_sphereface.files.pickled_numpy import (
    NUMPY_CALLS,
    NUMPY_NAMES,
    PickledArray,
)

_MAX_STEPS = 10_000_000  # a set takes some hundred thousand
_DEEPEST = 100  # a set has lists of arrays of objects
_OPCODES = {
    *("STRING", "BINSTRING", "SHORT_BINSTRING"),
    *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
    *("NEWTRUE", "NEWFALSE", "NONE"),
    *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1"),
    *("FLOAT", "BINFLOAT"),
    *("MARK", "EMPTY_LIST", "LIST", "APPEND", "APPENDS"),
    *("EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3"),
    *("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"),
    *("GET", "BINGET", "LONG_BINGET"),
    *("PROTO", "FRAME", "STOP"),
    # Under protocols 0 to 2, Python 3 writes bytes as a call of
    # `_codecs.encode` on text. `BUILD` fills NumPy's arrays.
    *("UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
    *("GLOBAL", "STACK_GLOBAL", "REDUCE", "BUILD"),
}


class UnsafePickleError(ValueError):
    """A pickle that is damaged, or holds more than a verification set."""


def read_bin_pickle(content: bytes) -> Any:
    """Bytes, numbers, arrays, lists and tuples of a pickle of any protocol.

    Args:
        content: bytes of the pickle.

    Returns:
        What was pickled; arrays and numbers of NumPy's are `PickledArray`s.

    Raises:
        UnsafePickleError: it holds anything else, or is damaged.
    """
    machine = PickleMachine(
        io.BytesIO(content),
        kind="verification set",
        error=UnsafePickleError,
        check_name=_check_name,
        max_steps=_MAX_STEPS,
        # A text that is encoded again and again would be as many copies;
        # Python encodes it once, and refers to its bytes.
        max_copies=len(content),
        calls={**NUMPY_CALLS, "_codecs.encode": _encode},
        opcodes=_OPCODES,
    )
    try:
        value = machine.run()
        _check_value(value)
    except UnsafePickleError as error:
        raise UnsafePickleError(
            "A verification set holds byte strings, numbers and arrays only; "
            f"nothing else of it is run. Received: {error}"
        ) from error
    return value


def _check_name(module: str, name: str) -> None:
    full_name = f"{module}.{name}"
    if full_name not in NUMPY_NAMES and full_name != "_codecs.encode":
        raise UnsafePickleError(f"the function {module[:60]}.{name[:60]}")


def _encode(machine: PickleMachine, arguments: tuple) -> bytes:
    if not 1 <= len(arguments) <= 2 or not all(
        isinstance(argument, str) for argument in arguments
    ):
        raise UnsafePickleError("a call")
    text, encoding = (*arguments, "latin1")[:2]
    if encoding not in ("latin1", "latin-1"):
        raise UnsafePickleError("bytes in another encoding")
    machine.spend(len(text))
    return text.encode("latin-1")


def _check_value(value: object) -> None:
    """Refuses all but bytes, numbers, arrays, lists, tuples, and circles."""
    around: set[int] = set()
    checked: set[int] = set()
    todo = [(value, False)]
    while todo:
        item, is_left = todo.pop()
        if is_left:
            around.remove(id(item))
            checked.add(id(item))
            continue
        items = _items_of(item)
        if items is not None:
            if id(item) in around:
                raise UnsafePickleError("a list that holds itself")
            if id(item) in checked:
                continue
            around.add(id(item))
            if len(around) > _DEEPEST:
                raise UnsafePickleError("lists in lists in lists")
            todo.append((item, True))
            todo += ((one, False) for one in items if not _is_plain(one))
        elif not _is_plain(item):
            raise UnsafePickleError(f"a {type(item).__name__}")


def _items_of(value: object) -> Any:
    """What a list, a tuple or an array of objects holds, or `None`."""
    if isinstance(value, PickledArray):
        if value.dtype is None:
            raise UnsafePickleError("an array without its values")
        return value.content if value.is_object else ()
    return value if isinstance(value, list | tuple) else None


def _is_plain(value: object) -> bool:
    return isinstance(value, bytes | bool | int | float)
