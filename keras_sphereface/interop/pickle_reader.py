"""What a pickle says, without doing what it says."""

import pickletools
from dataclasses import dataclass

from keras_sphereface.interop.errors import CheckpointError
from keras_sphereface.interop.known_names import check_known
from keras_sphereface.interop.limits import (
    MAX_PICKLE_BYTES,
    MAX_PICKLE_STEPS,
    BoundedFile,
)

_MARK = object()


@dataclass(frozen=True)
class Name:
    """A class or function that the pickle speaks of, by name only."""

    module: str
    name: str

    def __str__(self):
        return f"{self.module}.{self.name}"


class Call:
    """A call that the pickle asks for and nobody made.

    Args:
        function: `Name`.
        arguments: tuple.
    """

    __slots__ = ("arguments", "function")

    def __init__(self, function, arguments):
        self.function = function
        self.arguments = arguments


@dataclass(frozen=True)
class Reference:
    """Something outside the pickle, such as a storage of numbers."""

    key: tuple


def read_pickle(file):
    """Reads one pickle into dicts, lists, tuples, plain values and names.

    The opcodes are listed by `pickletools`, which runs none of them, and
    followed here on values alone. A name outside the little that checkpoints
    hold, an opcode that they do not use, and whatever a damaged file says end
    in `CheckpointError`.

    Args:
        file: binary file, seekable, at the start of the pickle; afterwards
            just behind it.

    Returns:
        The value: `dict` (also for `OrderedDict`), `list`, `tuple`, `str`,
        `bytes`, numbers, `None`, `Name`, `Call` or `Reference`.
    """
    machine = _Machine()
    bounded = BoundedFile(file, MAX_PICKLE_BYTES)
    try:
        operations = pickletools.genops(bounded)
        for count, (opcode, argument, _) in enumerate(operations):
            if count > MAX_PICKLE_STEPS:
                raise CheckpointError("the pickle is too long")
            machine.step(opcode.name, argument)
        (value,) = machine.stack
    except CheckpointError:
        raise
    except Exception as error:
        # Damaged bytes may break any step in any way.
        raise CheckpointError(
            f"the pickle is damaged: {type(error).__name__}"
        ) from error
    return value


class _Machine:
    """The stack and memo of a pickle."""

    def __init__(self):
        self.stack = []
        self.memo = {}
        self.copied = 0

    def step(self, opcode, argument):
        if opcode in _LITERALS:
            self.stack.append(argument)
        elif opcode in _EMPTY:
            self.stack.append(_EMPTY[opcode]())
        elif opcode in _PUTS:
            self.memo[argument] = self.stack[-1]
        elif opcode in _GETS:
            self.stack.append(self.memo[argument])
        elif opcode not in _IGNORED:
            do = getattr(self, f"_do_{opcode.lower()}", None)
            if do is None:
                raise CheckpointError(
                    f"the pickle uses {opcode}, which no checkpoint does"
                )
            do(argument)

    def _since_mark(self):
        items = []
        while (item := self.stack.pop()) is not _MARK:
            items.append(item)
        return items[::-1]

    def _pop(self, kind):
        value = self.stack.pop()
        if not isinstance(value, kind):
            raise CheckpointError("the pickle mixes up its values")
        return value

    def _do_mark(self, _):
        self.stack.append(_MARK)

    def _do_pop(self, _):
        self.stack.pop()

    def _do_pop_mark(self, _):
        self._since_mark()

    def _do_dup(self, _):
        self.stack.append(self.stack[-1])

    def _do_memoize(self, _):
        self.memo[len(self.memo)] = self.stack[-1]

    def _do_none(self, _):
        self.stack.append(None)

    def _do_newtrue(self, _):
        self.stack.append(True)

    def _do_newfalse(self, _):
        self.stack.append(False)

    def _do_tuple(self, _):
        self.stack.append(tuple(self._since_mark()))

    def _do_tuple1(self, _):
        self.stack[-1:] = [tuple(self.stack[-1:])]

    def _do_tuple2(self, _):
        self.stack[-2:] = [tuple(self.stack[-2:])]

    def _do_tuple3(self, _):
        self.stack[-3:] = [tuple(self.stack[-3:])]

    def _do_list(self, _):
        self.stack.append(self._since_mark())

    def _do_dict(self, _):
        items = self._since_mark()
        self.stack.append({})
        self._set_items(items)

    def _do_append(self, _):
        self._extend([self.stack.pop()])

    def _do_appends(self, _):
        self._extend(self._since_mark())

    _do_additems = _do_appends

    def _extend(self, items):
        target = self.stack[-1]
        if isinstance(target, list):
            target.extend(items)
        elif not isinstance(target, Call):
            raise CheckpointError("the pickle appends to what is no list")

    def _do_setitem(self, _):
        items = self.stack[-2:]
        del self.stack[-2:]
        self._set_items(items)

    def _do_setitems(self, _):
        self._set_items(self._since_mark())

    def _set_items(self, items):
        target = self.stack[-1]
        if isinstance(target, Call):
            return
        if not isinstance(target, dict) or len(items) % 2:
            raise CheckpointError("the pickle fills what is no dict")
        for key, value in zip(items[::2], items[1::2], strict=True):
            # Hashing a tuple of a million levels would overflow the stack.
            if isinstance(key, tuple | Call | Reference):
                raise CheckpointError("the pickle has a key that is no name")
            # Multiples of 2^61 - 1 all have one hash: a slot for each of them
            # would be sought among all others.
            if isinstance(key, int) and abs(key) >= 2**60:
                raise CheckpointError("the pickle has a key that is too large")
            target[key] = value

    def _do_frozenset(self, _):
        self.stack.append(self._since_mark())

    def _do_global(self, argument):
        module, _, name = argument.partition(" ")
        self._push_name(module, name)

    def _push_name(self, module, name):
        check_known(module, name)
        self.stack.append(Name(module, name))

    def _do_stack_global(self, _):
        name, module = self._pop(str), self._pop(str)
        self._push_name(module, name)

    def _do_reduce(self, _):
        arguments, function = self._pop(tuple), self._pop(Name)
        if str(function) == "collections.OrderedDict":
            self.stack.append({})
            for pairs in arguments:
                self._count_copied(pairs)
                for key, value in pairs:
                    self._set_items([key, value])
        elif str(function) == "torch.Size":
            (sizes,) = arguments
            self._count_copied(sizes)
            self.stack.append(tuple(sizes))
        else:
            self.stack.append(Call(function, arguments))

    _do_newobj = _do_reduce

    def _count_copied(self, items):
        # One opcode may copy what a million made, and be repeated.
        self.copied += len(items)
        if self.copied > MAX_PICKLE_STEPS:
            raise CheckpointError("the pickle copies its values too often")

    def _do_build(self, _):
        # Attributes of a module's dict or of training state: left out.
        self.stack.pop()
        if not isinstance(self.stack[-1], dict | Call):
            raise CheckpointError("the pickle changes what is no object")

    def _do_binpersid(self, _):
        self.stack.append(Reference(self._pop(tuple)))


_LITERALS = {
    *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4"),
    *("FLOAT", "BINFLOAT", "STRING", "BINSTRING", "SHORT_BINSTRING"),
    *("UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
    *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8"),
}
_EMPTY = {
    "EMPTY_DICT": dict,
    "EMPTY_LIST": list,
    "EMPTY_SET": list,
    "EMPTY_TUPLE": tuple,
}
_PUTS = {"PUT", "BINPUT", "LONG_BINPUT"}
_GETS = {"GET", "BINGET", "LONG_BINGET"}
_IGNORED = {"PROTO", "FRAME", "STOP"}
