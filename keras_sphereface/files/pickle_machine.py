"""What a pickle says, without doing what it says."""

import pickle

from keras_sphereface.files.pickle_opcodes import PYTHON_2_STRINGS, read_opcode
from keras_sphereface.files.pickle_values import (
    Call,
    Name,
    Reference,
    Stateful,
)

_MARK = object()


class PickleMachine:
    """Follows the opcodes of a pickle on plain values alone.

    A pickle is a program. This machine has its stack and its memo, but
    imports, calls and changes nothing: sets become lists, objects stay `Call`s
    and lose their attributes. Time and memory stay in proportion to the file
    and the limits.

    Args:
        file: binary file at the start of the pickle. Its `read` must not
            reserve memory for more bytes than there are.
        kind: str, what the file is, for errors.
        error: subclass of `ValueError`, for whatever is refused or damaged.
        check_name: function of `(module, name)`, raises `error` for classes
            and functions that the pickle may not speak of.
        max_steps: int, the most opcodes that are followed.
        max_copies: int, the most items or bytes that `spend` allows.
        calls: dict of functions of `(machine, arguments)`, the value of a
            call, by the full name of what is called; a `Stateful` value takes
            its state. Defaults to `None`: all calls become `Call`s.
        opcodes: set of str, names of opcodes that are followed; all others are
            refused. Defaults to `None`, all that the machine knows.
        literal: function of `(opcode, value)`, what is pushed for a number,
            text or bytes in the pickle. Defaults to `None`, the value.
    """

    def __init__(
        self,
        file,
        *,
        kind,
        error,
        check_name,
        max_steps,
        max_copies,
        calls=None,
        opcodes=None,
        literal=None,
    ):
        self.error = error
        self._file = file
        self._kind = kind
        self._check_name = check_name
        self._max_steps = max_steps
        self._copies_left = max_copies
        self._calls = calls or {}
        self._opcodes = FOLLOWED if opcodes is None else opcodes
        self._literal = literal or (lambda opcode, value: value)
        self._stack = []
        self._memo = {}

    def run(self):
        """Follows the pickle to its end.

        Returns:
            What it says: `dict`, `list`, `tuple`, `str`, `bytes`, numbers,
            `None`, `Name`, `Call` or `Reference`. The file is just behind it.
        """
        try:
            for _ in range(self._max_steps):
                if self._step() == "STOP":
                    (value,) = self._since(0)
                    return value
        except self.error:
            raise
        except Exception as error:
            # Damaged bytes may break any step in any way.
            raise self.error(
                f"the pickle is damaged: {type(error).__name__}"
            ) from error
        raise self.error("the pickle is too long")

    def spend(self, count):
        """Counts what a call copies; one opcode may, again and again.

        Args:
            count: int, items or bytes.
        """
        self._copies_left -= count
        if self._copies_left < 0:
            raise self.error("the pickle copies its values too often")

    def set_items(self, target, items):
        """Fills a dict.

        Args:
            target: dict.
            items: list of keys and values in turn.
        """
        if not isinstance(target, dict) or len(items) % 2:
            raise self.error("the pickle fills what is not a dict")
        for key, value in zip(items[::2], items[1::2], strict=True):
            # Hashing a tuple of a million levels would overflow the stack.
            if isinstance(key, tuple | Call | Reference):
                raise self.error("the pickle has a key that is not a name")
            # Multiples of 2^61 - 1 all have one hash: a slot for each of them
            # would be sought among all others.
            if isinstance(key, int) and abs(key) >= 2**60:
                raise self.error("the pickle has a key that is too large")
            target[key] = value

    def _step(self):
        name, argument = read_opcode(self._file)
        if name not in FOLLOWED or name not in self._opcodes:
            raise self.error(
                f"the pickle uses {name} before byte {self._file.tell()}, "
                f"which no {self._kind} does"
            )
        if name in _LITERALS:
            self._stack.append(self._literal(name, argument))
        elif name in _CONSTANTS:
            self._stack.append(_CONSTANTS[name])
        elif name in _EMPTY:
            self._stack.append(_EMPTY[name]())
        elif name in _TUPLES:
            self._push_tuple(_TUPLES[name])
        elif name in _PUTS:
            self._memo[argument] = self._top()
        elif name in _GETS:
            self._stack.append(self._memo[argument])
        elif name not in _IGNORED:
            _ACTIONS[name](self, argument)
        return name

    def _top(self):
        if self._stack[-1] is _MARK:
            raise self.error("the pickle takes a mark for a value")
        return self._stack[-1]

    def _pop(self, kind=object):
        value = self._top()
        if not isinstance(value, kind):
            raise self.error("the pickle mixes up its values")
        return self._stack.pop()

    def _since(self, start):
        """Takes the values from a place on."""
        items = self._stack[start:]
        del self._stack[start:]
        if any(item is _MARK for item in items):
            raise self.error("the pickle takes a mark for a value")
        return items

    def _since_mark(self):
        items = []
        while (item := self._stack.pop()) is not _MARK:
            items.append(item)
        return items[::-1]

    def _push_tuple(self, count):
        if count > len(self._stack):
            raise self.error("the pickle takes more values than there are")
        self._stack.append(tuple(self._since(len(self._stack) - count)))

    def _extend(self, items):
        target = self._top()
        if isinstance(target, list):
            target.extend(items)
        elif not isinstance(target, Call):
            raise self.error("the pickle appends to what is not a list")

    def _set_items(self, items):
        # What a class does with items is not known: they are left out.
        if not isinstance(self._top(), Call):
            self.set_items(self._top(), items)

    def _do_proto(self, version):
        if version > pickle.HIGHEST_PROTOCOL:
            raise self.error("the pickle has an unknown protocol")

    def _do_mark(self, _):
        self._stack.append(_MARK)

    def _do_pop(self, _):
        self._stack.pop()

    def _do_pop_mark(self, _):
        self._since_mark()

    def _do_dup(self, _):
        self._stack.append(self._top())

    def _do_memoize(self, _):
        self._memo[len(self._memo)] = self._top()

    def _do_tuple(self, _):
        self._stack.append(tuple(self._since_mark()))

    def _do_list(self, _):
        self._stack.append(self._since_mark())

    def _do_dict(self, _):
        items = self._since_mark()
        self._stack.append({})
        self._set_items(items)

    def _do_append(self, _):
        self._extend([self._pop()])

    def _do_appends(self, _):
        self._extend(self._since_mark())

    def _do_setitem(self, _):
        value, key = self._pop(), self._pop()
        self._set_items([key, value])

    def _do_setitems(self, _):
        self._set_items(self._since_mark())

    def _do_global(self, argument):
        module, _, name = argument.partition(" ")
        self._push_name(module, name)

    def _do_stack_global(self, _):
        name, module = self._pop(str), self._pop(str)
        self._push_name(module, name)

    def _push_name(self, module, name):
        self._check_name(module, name)
        self._stack.append(Name(module, name))

    def _do_reduce(self, _):
        arguments, function = self._pop(tuple), self._pop(Name)
        call = self._calls.get(str(function))
        self._stack.append(
            Call(function, arguments) if call is None else call(self, arguments)
        )

    def _do_build(self, _):
        state, target = self._pop(), self._top()
        if isinstance(target, Stateful):
            target.set_state(self, state)
        # Attributes of a module's dict or of training state: left out.
        elif not isinstance(target, dict | Call):
            raise self.error("the pickle changes what is not an object")

    def _do_binpersid(self, _):
        self._stack.append(Reference(self._pop(tuple)))


_LITERALS = {
    *PYTHON_2_STRINGS,
    *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4"),
    *("FLOAT", "BINFLOAT"),
    *("UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
    *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
}
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_EMPTY = {
    "EMPTY_DICT": dict,
    "EMPTY_LIST": list,
    "EMPTY_SET": list,
    "EMPTY_TUPLE": tuple,
}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_PUTS = {"PUT", "BINPUT", "LONG_BINPUT"}
_GETS = {"GET", "BINGET", "LONG_BINGET"}
_IGNORED = {"FRAME", "STOP"}
_ACTIONS = {
    "PROTO": PickleMachine._do_proto,
    "MARK": PickleMachine._do_mark,
    "POP": PickleMachine._do_pop,
    "POP_MARK": PickleMachine._do_pop_mark,
    "DUP": PickleMachine._do_dup,
    "MEMOIZE": PickleMachine._do_memoize,
    "TUPLE": PickleMachine._do_tuple,
    "LIST": PickleMachine._do_list,
    "FROZENSET": PickleMachine._do_list,
    "DICT": PickleMachine._do_dict,
    "APPEND": PickleMachine._do_append,
    "APPENDS": PickleMachine._do_appends,
    "ADDITEMS": PickleMachine._do_appends,
    "SETITEM": PickleMachine._do_setitem,
    "SETITEMS": PickleMachine._do_setitems,
    "GLOBAL": PickleMachine._do_global,
    "STACK_GLOBAL": PickleMachine._do_stack_global,
    "REDUCE": PickleMachine._do_reduce,
    "NEWOBJ": PickleMachine._do_reduce,
    "BUILD": PickleMachine._do_build,
    "BINPERSID": PickleMachine._do_binpersid,
}
# Every opcode that the machine knows.
FOLLOWED = frozenset(
    _LITERALS
    | _CONSTANTS.keys()
    | _EMPTY.keys()
    | _TUPLES.keys()
    | _PUTS
    | _GETS
    | _IGNORED
    | _ACTIONS.keys()
)
