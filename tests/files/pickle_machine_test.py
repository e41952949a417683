"""What the machine refuses whoever asks; its users test what they accept."""

import io
import pickle

import pytest

from keras_sphereface.files.pickle_machine import FOLLOWED, PickleMachine
from keras_sphereface.files.pickle_values import Call, Name


class RefusedError(ValueError):
    pass


def allow(module, name):
    if module == "os":
        raise RefusedError(f"speaks of {module}.{name}")


def run(content, *, max_steps=10_000, max_copies=100, **arguments):
    machine = PickleMachine(
        io.BytesIO(content),
        kind="letter",
        error=RefusedError,
        check_name=allow,
        max_steps=max_steps,
        max_copies=max_copies,
        **arguments,
    )
    return machine.run()


def test_a_global_is_a_name_and_a_call_is_not_made():
    call = run(b"cmodule\nname\n(K\x01tR.")
    assert isinstance(call, Call)
    assert call.function == Name("module", "name")
    assert call.arguments == (1,)
    with pytest.raises(RefusedError, match=r"speaks of os\.system"):
        run(b"cos\nsystem\n(K\x01tR.")


def test_the_caller_says_what_a_call_is_and_what_it_may_copy():
    def twice(machine, arguments):
        (text,) = arguments
        machine.spend(2 * len(text))
        return 2 * text

    content = b"cmodule\ntwice\n(X\x03\x00\x00\x00abctR."
    calls = {"module.twice": twice}
    assert run(content, calls=calls, max_copies=6) == "abcabc"
    with pytest.raises(RefusedError, match="copies its values too often"):
        run(content, calls=calls, max_copies=5)


def test_the_caller_says_which_opcodes_are_followed():
    assert run(b"}.") == {}
    with pytest.raises(
        RefusedError, match=r"uses EMPTY_DICT before byte 1, which no letter"
    ):
        run(b"}.", opcodes=FOLLOWED - {"EMPTY_DICT"})


def test_the_caller_says_what_is_pushed():
    def literal(opcode, value):
        return opcode, value

    assert run(b"K\x07.", literal=literal) == ("BININT1", 7)
    assert run(b"U\x02\xff\x00.", literal=literal) == (
        "SHORT_BINSTRING",
        b"\xff\x00",
    )


def test_the_steps_are_counted():
    content = pickle.dumps(list(range(50)), 2)
    assert run(content, max_steps=60) == list(range(50))
    with pytest.raises(RefusedError, match="too long"):
        run(content, max_steps=40)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"]",  # no end
        b"NN.",
        b"(.",
        b"(q\x00.",
        b"(\x85.",  # a mark in a tuple
        b"](a.",
        b"(2.",
        b"N\x87.",  # a tuple of more than there is
        b"Np-1\n.",
        b"Np%d\n." % (2**61 - 1),  # such numbers all have one hash
        b"\x80\x63N.",
        b"I" + b"1" * 5000 + b"\n.",
        b"S'abc\n.",
        b"S'\n.",
        b"T\xff\xff\xff\xffx.",
        b"\x00.",  # no opcode
    ],
)
def test_what_makes_no_sense_is_refused(content):
    with pytest.raises(RefusedError):
        run(content)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_plain_values_come_back(protocol):
    value = {"a": [1, 2.5, None, True], "b": ("c", 2**70)}
    assert run(pickle.dumps(value, protocol)) == value
