"""Reading the pickles of verification sets without running anything."""

import io
from typing import Any

from keras_sphereface.files.pickle_machine import PickleMachine

_MAX_STEPS = 10_000_000  # a set takes some ten thousand
_OPCODES = {
    *("STRING", "BINSTRING", "SHORT_BINSTRING"),
    *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
    *("NEWTRUE", "NEWFALSE", "INT"),
    *("MARK", "EMPTY_LIST", "LIST", "APPEND", "APPENDS"),
    *("EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3"),
    *("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"),
    *("GET", "BINGET", "LONG_BINGET"),
    *("PROTO", "FRAME", "STOP"),
    # Under protocols 0 to 2, Python 3 writes bytes as a call of
    # `_codecs.encode` on text.
    *("UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
    *("GLOBAL", "STACK_GLOBAL", "REDUCE"),
}


class UnsafePickleError(ValueError):
    """A pickle that is damaged, or holds more than a verification set."""


def read_bin_pickle(content: bytes) -> Any:
    """Bytes, booleans, lists and tuples of a pickle, of any protocol.

    Args:
        content: bytes of the pickle.

    Returns:
        What was pickled. Integers 0 and 1 of protocol 0 are booleans.

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
        calls={"_codecs.encode": _encode},
        opcodes=_OPCODES,
        literal=_literal,
    )
    try:
        value = machine.run()
        _check_value(value)
    except UnsafePickleError as error:
        raise UnsafePickleError(
            "A verification set holds byte strings and booleans only; nothing "
            f"else of it is run. Received: {error}"
        ) from error
    return value


def _literal(opcode: str, value: Any) -> Any:
    if opcode != "INT":
        return value
    if value not in (0, 1):
        raise UnsafePickleError(f"the number {value}")
    return bool(value)


def _check_name(module: str, name: str) -> None:
    if (module, name) != ("_codecs", "encode"):
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
    """Refuses all but bytes, booleans, lists and tuples, and circles."""
    around: set[int] = set()
    checked: set[int] = set()
    todo = [(value, False)]
    while todo:
        item, is_left = todo.pop()
        if is_left:
            around.remove(id(item))
            checked.add(id(item))
        elif isinstance(item, list | tuple):
            if id(item) in around:
                raise UnsafePickleError("a list that holds itself")
            if id(item) in checked:
                continue
            around.add(id(item))
            todo.append((item, True))
            todo += ((one, False) for one in item if not _is_plain(one))
        elif not _is_plain(item):
            raise UnsafePickleError(f"a {type(item).__name__}")


def _is_plain(value: object) -> bool:
    return isinstance(value, bytes | bool)
