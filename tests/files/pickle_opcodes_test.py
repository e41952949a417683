import io
import pickle
import pickletools

import pytest

from keras_sphereface.files.pickle_opcodes import read_opcode


def opcodes(content):
    file = io.BytesIO(content)
    found = [read_opcode(file)]
    while found[-1][0] != "STOP":
        found.append(read_opcode(file))
    return found


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_lists_what_pickletools_does(protocol):
    value = {"a": [1, -5, 2**70, 2.5, None, True], "b": ("\xe9", b"c", {1, 2})}
    content = pickle.dumps(value, protocol)
    expected = [
        (opcode.name, argument)
        for opcode, argument, _ in pickletools.genops(content)
    ]
    assert opcodes(content) == expected


def test_strings_of_python_2_are_bytes():
    assert opcodes(b"S'\\xff\\n'\n.")[0] == ("STRING", b"\xff\n")
    assert opcodes(b"T\x02\x00\x00\x00\xff\n.")[0] == ("BINSTRING", b"\xff\n")
    assert opcodes(b"U\x02\xff\n.")[0] == ("SHORT_BINSTRING", b"\xff\n")
    assert opcodes(b"\x96\x01" + bytes(7) + b"\xff.")[0] == (
        "BYTEARRAY8",
        b"\xff",
    )
