"""Reading a pickle opcode by opcode, without following any."""

import codecs
import pickletools

# No number, name or place of the memo is longer.
_MAX_LINE = 4096
# Opcodes that push strings of Python 2, which may be bytes or text.
PYTHON_2_STRINGS = frozenset({"STRING", "BINSTRING", "SHORT_BINSTRING"})


def read_opcode(file):
    """Reads the next opcode of a pickle.

    Args:
        file: binary file. Its `read` must not reserve memory for more bytes
            than there are.

    Returns:
        `(name, argument)`: str as `pickletools` has it, and what stands behind
        the opcode, or `None`. Strings of Python 2 are bytes.

    Raises:
        ValueError: the file ends early, or is damaged.
    """
    code = file.read(1)
    opcode = pickletools.code2op.get(code.decode("latin-1"))
    if opcode is None:
        raise ValueError(f"no opcode {code!r}")
    if opcode.name in _READERS:
        return opcode.name, _READERS[opcode.name](file)
    if opcode.arg is None:
        return opcode.name, None
    return opcode.name, opcode.arg.reader(_ShortLines(file))


class _ShortLines:
    """A file whose lines are refused where they are too long to be read.

    Python takes time with the square of their length to read numbers.
    """

    def __init__(self, file):
        self.read = file.read
        self._readline = file.readline

    def readline(self):
        line = self._readline()
        if len(line) > _MAX_LINE:
            raise ValueError("a line is too long")
        return line


def _read_line(file):
    line = file.readline()
    if not line.endswith(b"\n"):
        raise ValueError("a line does not end")
    return line[:-1]


def _read_quoted(file):
    line = _read_line(file)
    if len(line) < 2 or line[:1] not in b"'\"" or line[-1:] != line[:1]:
        raise ValueError("a string without quotes")
    return codecs.escape_decode(line[1:-1])[0]


def _read_place(file):
    """A place of the memo, short: large numbers may all have one hash."""
    line = _read_line(file)
    if not line.isdigit() or len(line) > 10:
        raise ValueError("a damaged place of the memo")
    return int(line)


def _read_bytes4(file):
    count = pickletools.read_int4(file)
    content = file.read(count) if count >= 0 else b""
    if len(content) != count:
        raise ValueError("a string is cut short")
    return content


def _read_bytearray(file):
    return bytes(pickletools.read_bytearray8(file))


# Where `pickletools` makes text of bytes, or takes any number.
_READERS = {
    "STRING": _read_quoted,
    "BINSTRING": _read_bytes4,
    "SHORT_BINSTRING": pickletools.read_bytes1,
    "UNICODE": pickletools.read_unicodestringnl,
    "BYTEARRAY8": _read_bytearray,
    "GET": _read_place,
    "PUT": _read_place,
}
