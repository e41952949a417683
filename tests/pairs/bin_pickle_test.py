import codecs
import os
import pickle
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_sphereface.pairs.bin_pickle import UnsafePickleError, read_bin_pickle

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
# Written by Python 2.7: cPickle.dumps((['\xff\xd8a', "b'\n"], [True, False]))
# with protocols 0, 1 and 2.
PYTHON_2 = (
    b"((lp1\nS'\\xff\\xd8a'\np2\naS\"b'\\n\"\np3\na(lp4\nI01\naI00\natp5\n.",
    b"(]q\x01(U\x03\xff\xd8aq\x02U\x03b'\nq\x03e]q\x04(I01\nI00\netq\x05.",
    b"\x80\x02]q\x01(U\x03\xff\xd8aq\x02U\x03b'\nq\x03e]q\x04(\x88\x89e\x86"
    b"q\x05.",
)


class Call:
    """Pickles to a call of any function."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", PROTOCOLS)
@given(
    images=st.lists(st.binary(min_size=1, max_size=70_000), max_size=6),
    is_same=st.lists(st.booleans(), max_size=6),
)
def test_reads_what_python_3_wrote(protocol, images, is_same):
    content = (images, is_same)
    assert read_bin_pickle(pickle.dumps(content, protocol)) == content


@pytest.mark.parametrize("content", PYTHON_2)
def test_reads_what_python_2_wrote(content):
    images = [b"\xff\xd8a", b"b'\n"]
    assert pickle.loads(content, encoding="bytes") == (images, [True, False])
    assert read_bin_pickle(content) == (images, [True, False])


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (os.system, ("touch {path}",)),
        (subprocess.call, (["touch", "{path}"],)),
        (eval, ("open({path!r}, 'w')",)),
        (codecs.encode, ("text", "rot13")),
        (bytearray, (b"abc",)),
        (getattr, (os, "system")),
    ],
)
def test_a_call_is_refused_and_not_made(
    tmp_path, protocol, function, arguments
):
    path = str(tmp_path / "run")
    filled = [
        a.format(path=path) if isinstance(a, str) else a for a in arguments
    ]
    for hidden in (
        Call(function, *filled),
        ([Call(function, *filled)], [True]),
        [[[Call(Call(function, *filled), 1)]]],
    ):
        try:
            content = pickle.dumps(hidden, protocol)
        except (TypeError, pickle.PicklingError):
            continue  # a module is not an argument
        with pytest.raises(UnsafePickleError):
            read_bin_pickle(content)
    assert not os.path.exists(path)


@pytest.mark.parametrize(
    "content",
    [
        b"cos\nsystem\n(S'touch run'\ntR.",
        b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x03run\x85R.",
        b"(ios\nsystem\n.",  # INST
        b"(cos\nsystem\no.",  # OBJ
        b"\x80\x02cos\nsystem\n)\x81.",  # NEWOBJ
        b"\x80\x02]}b.",  # BUILD
        b"\x82\x01.",  # EXT1
        b"P1\n.",  # PERSID
        b"c_codecs\nencode\n.",
        b"c_codecs\nencode\n(Vabc\nVutf-7\ntR.",
        b"\x97.",  # NEXT_BUFFER
        b"Vtext\n.",
        b"(Vtext\nVmore\nt.",
        b"N.",
        b"cnumpy\nndarray\n.",
        b"cnumpy\ndtype\n(Vu1\ntR.",
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntVb\ntR.",
        b"cnumpy\nload\n(Vfile\ntR.",
    ],
)
def test_instructions_that_do_more_are_refused(content):
    with pytest.raises(UnsafePickleError):
        read_bin_pickle(content)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b".",
        b"]",
        b"a.",
        b"]]a",
        b"h\x05.",
        b"g99\n.",
        b"B\xff\xff\xff\xff.",  # four gigabytes promised
        b"\x8e" + b"\xff" * 8 + b"x.",  # 18 exabytes promised
        b"T\xff\xff\xff\xffx.",  # -1 bytes
        b"\x96\x00\x00\x00\x00\x00\x00\x00\x7f.",
        b"\x95\xff\xff\xff\xff\xff\xff\xff\xff.",
        b"t.",
        b"e.",
        b"\x87.",
        b"](.",
        b"]q\x00h\x00a.",  # a list that holds itself
        b"S'abc\n.",
        b"\x80\x63].",
    ],
)
def test_damage_is_an_error(content):
    with pytest.raises(UnsafePickleError):
        read_bin_pickle(content)


@given(st.binary(max_size=60))
def test_any_bytes_end_in_a_value_or_the_error(content):
    try:
        value = read_bin_pickle(content)
    except UnsafePickleError:
        return
    assert isinstance(value, (bytes, bool, int, float, list, tuple))


def test_a_text_is_not_copied_over_and_over():
    function = b"c_codecs\nencode\nq\x01"
    text = b"X\xe8\x03\x00\x00" + b"a" * 1000 + b"\x85q\x02R"
    again = b"h\x01h\x02R"
    once = b"\x80\x02](" + function + text + b"e."
    assert read_bin_pickle(once) == [b"a" * 1000]
    often = b"\x80\x02](" + function + text + again * 50 + b"e."
    with pytest.raises(UnsafePickleError, match="copies its values too often"):
        read_bin_pickle(often)


def test_a_list_that_is_named_a_million_times_is_looked_at_once():
    # 2^30 paths lead through thirty lists of two of the next.
    nested = b"]q\x00" + b"".join(
        b"]q%c(h%ch%ce" % (k + 1, k, k) for k in range(30)
    )
    assert len(read_bin_pickle(b"\x80\x02(" + nested + b"l.")) == 31


def test_deep_tuples_are_refused():
    with pytest.raises(UnsafePickleError, match="lists in lists"):
        read_bin_pickle(b"\x80\x02)" + b"\x85" * 100_000 + b".")
