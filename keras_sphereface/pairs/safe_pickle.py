"""Reading the pickles of verification sets without running anything.

A pickle is a program. This machine knows only the instructions that push
byte strings, booleans, lists and tuples; any other one is an error, before
anything is built. Memory stays in proportion to the file.
"""

import codecs
import struct

_MARK = object()
_MAX_DEPTH = 10_000_000  # items on the stack; a set has some ten thousand

# Instructions that push bytes, and the form of the length before them.
_BYTES = {
    b"T": "<i",
    b"U": "<B",
    b"B": "<I",
    b"C": "<B",
    b"\x8e": "<Q",
    b"\x96": "<Q",
}
_TEXTS = {b"X": "<I", b"\x8c": "<B", b"\x8d": "<Q"}
_CONSTANTS = {b"\x88": True, b"\x89": False}
_TUPLES = {b"\x85": 1, b"\x86": 2, b"\x87": 3}
# What Python 3 writes for bytes under protocols 0 to 2.
_ENCODE = "_codecs encode"


class UnsafePickleError(ValueError):
    """A pickle that is damaged, or holds more than a verification set."""


class _Text(str):
    """Text on the stack: only ever an argument of `_codecs.encode`."""

    __slots__ = ()


class _Arguments(tuple):
    """Texts on the stack: the arguments of `_codecs.encode`."""

    __slots__ = ()


def read_pickle(content: bytes):
    """Bytes, booleans, lists and tuples of a pickle, of any protocol.

    Args:
        content: bytes of the pickle.

    Returns:
        What was pickled. Integers 0 and 1 of protocol 0 are booleans.

    Raises:
        UnsafePickleError: it holds anything else, or is damaged.
    """
    try:
        return _Machine(content).run()
    except UnsafePickleError:
        raise
    except (LookupError, ValueError, struct.error) as error:
        raise UnsafePickleError(
            "The pickle is damaged or cut short. "
            f"Received: {type(error).__name__} ({error})"
        ) from error


class _Machine:
    def __init__(self, content):
        self.content = content
        self.position = 0
        self.stack = []
        self.memo = {}
        self.encoded = 0

    def run(self):
        while True:
            code = self.take(1)
            if code == b".":
                break
            self.step(code)
            if len(self.stack) > _MAX_DEPTH:
                raise UnsafePickleError("The pickle has too many items.")
        if len(self.stack) != 1 or _is_helper(self.stack[0]):
            raise UnsafePickleError(
                "The pickle must hold one list or tuple. Received: "
                f"{len(self.stack)} items on the stack"
            )
        return self.stack.pop()

    def step(self, code):
        if code in _BYTES:
            self.stack.append(self.take(self.number(_BYTES[code])))
        elif code in _TEXTS:
            text = self.take(self.number(_TEXTS[code]))
            self.stack.append(_Text(text.decode("utf-8", "surrogatepass")))
        elif code in _CONSTANTS:
            self.stack.append(_CONSTANTS[code])
        elif code in _TUPLES:
            count = _TUPLES[code]
            self.push_tuple(len(self.stack) - count)
        elif code in b"SVIc":
            self.step_of_text(code)
        elif code in b"(])lt":
            self.step_of_sequence(code)
        elif code in b"ae":
            self.append(code)
        elif code in b"pqr\x94gjh":
            self.remember(code)
        elif code == b"\x80":
            if self.number("<B") > 5:
                raise UnsafePickleError("The pickle has an unknown protocol.")
        elif code == b"\x95":
            self.take(8)  # a frame: how much to read ahead
        elif code == b"\x93":
            name, module = self.stack.pop(), self.stack.pop()
            self.push_function(f"{module} {name}")
        elif code == b"R":
            self.encode()
        else:
            self.refuse(f"instruction {code!r}")

    def step_of_text(self, code):
        line = self.line()
        if code == b"S":
            if len(line) < 2 or line[:1] not in b"'\"" or line[-1:] != line[:1]:
                raise UnsafePickleError("The pickle has a damaged string.")
            self.stack.append(codecs.escape_decode(line[1:-1])[0])
        elif code == b"V":
            self.stack.append(_Text(line.decode("raw-unicode-escape")))
        elif code == b"c":
            function = f"{line.decode()} {self.line().decode()}"
            self.push_function(function)
        elif line in (b"00", b"01", b"0", b"1"):
            self.stack.append(line in (b"01", b"1"))
        else:
            self.refuse(f"the number {line[:20]!r}")

    def step_of_sequence(self, code):
        if code == b"(":
            self.stack.append(_MARK)
        elif code == b"]":
            self.stack.append([])
        elif code == b")":
            self.stack.append(())
        elif code == b"t":
            mark = self.mark()
            self.push_tuple(mark + 1)
            items = self.stack.pop()
            self.stack.pop()
            self.stack.append(items)
        else:
            mark = self.mark()
            items = self.stack[mark + 1 :]
            _check_items(items)
            self.stack[mark:] = [items]

    def append(self, code):
        start = len(self.stack) - 1
        if code == b"e":
            start = self.mark() + 1
        items = self.stack[start:]
        _check_items(items)
        del self.stack[start - (code == b"e") :]
        target = self.stack[-1]
        if not isinstance(target, list):
            raise UnsafePickleError("The pickle appends to what is no list.")
        if any(item is target for item in items):
            raise UnsafePickleError("The pickle has a list that holds itself.")
        target.extend(items)

    def remember(self, code):
        if code == b"\x94":
            self.memo[len(self.memo)] = self.stack[-1]
        elif code in b"pqr":
            self.memo[self.memo_key(code, b"pqr")] = self.stack[-1]
        else:
            self.stack.append(self.memo[self.memo_key(code, b"ghj")])

    def memo_key(self, code, kinds):
        if code == kinds[:1]:
            line = self.line()
            if not line.isdigit() or len(line) > 10:
                raise UnsafePickleError("The pickle has a damaged reference.")
            return int(line)
        return self.number("<B" if code == kinds[1:2] else "<I")

    def push_tuple(self, start):
        if start < 0:
            raise IndexError("a tuple of more than there is")
        items = tuple(self.stack[start:])
        if items and all(isinstance(item, _Text) for item in items):
            items = _Arguments(items)
        else:
            _check_items(items)
        self.stack[start:] = [items]

    def push_function(self, name):
        if name != _ENCODE:
            self.refuse(f"the function {name[:80]!r}")
        self.stack.append(_encode_latin_1)

    def encode(self):
        arguments, function = self.stack.pop(), self.stack.pop()
        is_call = isinstance(arguments, _Arguments) and len(arguments) <= 2
        if function is not _encode_latin_1 or not is_call:
            self.refuse("a call")
        encoded = _encode_latin_1(*arguments)
        # A text that is called for again and again would be as many copies;
        # Python calls for it once, and refers to its bytes.
        self.encoded += len(encoded)
        if self.encoded > len(self.content):
            raise UnsafePickleError("The pickle makes more bytes than it has.")
        self.stack.append(encoded)

    def refuse(self, what):
        raise UnsafePickleError(
            "A verification set holds byte strings and booleans only; nothing "
            f"else of it is run. Received: {what} at byte {self.position}"
        )

    def mark(self):
        for position in range(len(self.stack) - 1, -1, -1):
            if self.stack[position] is _MARK:
                return position
        raise IndexError("no mark")

    def take(self, count):
        start, self.position = self.position, self.position + count
        if count < 0 or self.position > len(self.content):
            raise UnsafePickleError(
                "The pickle is damaged or cut short. Received: "
                f"{count} bytes promised at byte {start} of "
                f"{len(self.content)}"
            )
        return self.content[start : self.position]

    def number(self, form):
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def line(self):
        end = self.content.index(b"\n", self.position)
        line = self.content[self.position : end]
        self.position = end + 1
        return line.rstrip(b"\r")


def _encode_latin_1(text, encoding="latin1"):
    if encoding not in ("latin1", "latin-1"):
        raise UnsafePickleError("The pickle has bytes in a strange encoding.")
    return text.encode("latin-1")


def _is_helper(item):
    is_function = item is _MARK or item is _encode_latin_1
    return is_function or isinstance(item, (_Text, _Arguments))


def _check_items(items):
    if any(_is_helper(item) for item in items):
        raise UnsafePickleError(
            "A verification set holds byte strings and booleans only. "
            "Received: text, or a function"
        )
