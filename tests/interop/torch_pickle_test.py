"""Opcode by opcode: what is followed, what is refused, what it may cost."""

import io
import pickle
import pickletools
from collections import OrderedDict

import pytest
import torch_files as files
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_sphereface.files.pickle_values import Call, Name, Reference
from keras_sphereface.interop import WeightsFileError, torch_pickle
from keras_sphereface.interop.torch_pickle import read_torch_pickle


def read(opcodes):
    return read_torch_pickle(io.BytesIO(opcodes + files.STOP))


def refuse(opcodes, match=None):
    with pytest.raises(WeightsFileError, match=match):
        read(opcodes)


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False)
    | st.text(max_size=9)
    | st.binary(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=4) | st.integers(0, 99), inner)
    ),
    max_leaves=20,
)


@settings(deadline=None, derandomize=True)
@given(plain, st.integers(2, pickle.HIGHEST_PROTOCOL))
def test_plain_values_come_back_under_every_protocol(value, protocol):
    data = pickle.dumps(value, protocol)
    file = io.BytesIO(data + b"behind")
    found = read_torch_pickle(file)
    assert file.read() == b"behind"
    # Before the third, Python writes bytes as a call that makes them.
    if not any(name in data for name in (b"_codecs", b"__builtin__")):
        assert found == value


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_ordered_dicts_and_sets_become_plain(protocol):
    value = OrderedDict(weight=[1, 2], bias=OrderedDict())
    data = pickle.dumps(value, protocol)
    assert read_torch_pickle(io.BytesIO(data)) == {"weight": [1, 2], "bias": {}}
    for kind in (set, frozenset):
        data = pickle.dumps(kind("ab"), protocol)
        found = read_torch_pickle(io.BytesIO(data))
        if protocol >= 4:
            assert sorted(found) == ["a", "b"]
        else:
            assert isinstance(found, Call)


def test_calls_are_noted_and_references_kept():
    tensor = read(files.tensor("7", (2, 3), (3, 1), count=6))
    assert isinstance(tensor, Call)
    assert str(tensor.function) == "torch._utils._rebuild_tensor_v2"
    storage, offset, shape, strides, needs_gradient, hooks = tensor.arguments
    storage_type = Name("torch", "FloatStorage")
    key = ("storage", storage_type, "7", "cpu", 6)
    assert storage == Reference(key)
    assert (offset, shape, strides) == (0, (2, 3), (3, 1))
    assert (needs_gradient, hooks) == (False, {})


SYSTEM = files.name("os", "system")
TENSOR = files.name("torch._utils", "_rebuild_tensor_v2")
COMMAND = files.text("exit 1")
# Everything that makes, calls or changes an object, or asks for one.
DOES = {
    "GLOBAL": SYSTEM,
    "STACK_GLOBAL": files.text("os") + files.text("system") + b"\x93",
    "REDUCE": files.call(SYSTEM, COMMAND),
    "BUILD": TENSOR + files.dictionary({"a": b"N"}) + b"b",
    "INST": b"(" + COMMAND + b"ios\nsystem\n",
    "INST of a known name": b"(icollections\nOrderedDict\n",
    "OBJ": b"(" + SYSTEM + COMMAND + b"o",
    "OBJ of a known name": b"(" + files.name("torch", "Size") + b"o",
    "NEWOBJ": SYSTEM + files.collection(COMMAND) + b"\x81",
    "NEWOBJ_EX": TENSOR + b")}\x92",
    "EXT1": b"\x82\x01",
    "EXT2": b"\x83\x01\x01",
    "EXT4": b"\x84\x01\x01\x01\x01",
    "PERSID": b"Pstorage\n",
    "BINPERSID of no tuple": COMMAND + b"Q",
    "BYTEARRAY8": b"\x96" + bytes(8),
    "NEXT_BUFFER": b"\x97",
    "READONLY_BUFFER": b"\x97\x98",
}


@pytest.mark.parametrize("kind", DOES)
def test_whatever_does_something_is_refused(kind):
    used = {opcode.name for opcode, *_ in pickletools.genops(DOES[kind] + b".")}
    assert kind.split()[0] in used
    refuse(DOES[kind])
    # Also deep inside, and where the result is thrown away.
    refuse(files.dictionary({"a": files.collection(DOES[kind])}))
    refuse(b"N" + DOES[kind] + b"0")


def test_every_opcode_of_python_is_followed_or_refused():
    for opcode in pickletools.opcodes:
        for before in (b"", b"(", b"]", b"}", b"](", b"}(", b"NN", b"))"):
            try:
                read(before + opcode.code.encode("latin-1") + bytes(8))
            except WeightsFileError:
                continue


@pytest.mark.parametrize(
    "opcodes",
    [
        b"",  # an empty stack
        b"NN",  # two values
        b"0",
        b"h\x07",  # a memo that was not written
        b"t",  # no mark
        b"Na",
        b"NNa",  # appends to None
        b"}(NNNu",  # an odd number
        b"}))s",  # a tuple as key
        b"}]Ns",  # a list as key
        b"}" + files.tensor("0", (), (), count=1) + b"Ns",
        b"NR",
        files.name("collections", "OrderedDict") + b"NR",
        files.name("collections", "OrderedDict") + b"((NttR",
        files.name("torch", "Size") + b")R",
        files.name("torch", "Size") + b"(NtR",
        b"NNb",
        b"\x8a\x08" + b"\x01" * 7,  # a number that ends early
    ],
)
def test_what_makes_no_sense_is_refused(opcodes):
    refuse(opcodes)


def test_a_list_in_itself_ends():
    value = read(b"]q\x00h\x00a")
    assert value[0] is value


# What few bytes may ask for.


def test_copies_of_one_list_are_counted(monkeypatch):
    monkeypatch.setattr(torch_pickle, "MAX_PICKLE_STEPS", 10_000)
    sizes = b"]q\x00(" + b"K\x01" * 400 + b"e0("
    size = files.name("torch", "Size") + b"h\x00\x85R"
    assert len(read(sizes + size * 25 + b"t")) == 25
    refuse(sizes + size * 26 + b"t", "copies")
    pairs = b"]q\x00(" + b"K\x01K\x02\x86" * 400 + b"e0"
    ordered = pairs + files.name("collections", "OrderedDict") + b"("
    assert read(ordered + b"h\x00" * 25 + b"tR") == {1: 2}
    refuse(ordered + b"h\x00" * 26 + b"tR", "copies")


def test_keys_that_share_a_hash_are_refused():
    # 2^61 - 1 is the modulus of Python's hash of numbers.
    for key in (2**61 - 1, -(2**61) + 1, 2**64):
        refuse(b"}" + files.integer(key) + b"Ns", "key that is too large")
    # An address, as old optimizers have them.
    assert read(b"}" + files.integer(2**47) + b"Ns") == {2**47: None}
