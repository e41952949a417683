import hashlib
import hmac

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_sphereface.files import (
    NO_CHECKSUM,
    folder_checksum,
    is_sealed,
    new_digest,
    seal,
    unseal,
)

EMPTY = b'{"checksum": "' + NO_CHECKSUM.encode() + b'"}'


def checksum_of(content):
    start = content.index(b'"checksum": "') + 13
    return content[start : start + 64].decode()


def test_the_seal_is_the_sha256_of_the_unsealed_file():
    content = b"weights" + EMPTY + b"more weights"
    sealed = seal(content)
    assert len(sealed) == len(content)
    assert checksum_of(sealed) == hashlib.sha256(content).hexdigest()
    assert is_sealed(sealed, checksum_of(sealed))


@settings(derandomize=True, deadline=None, max_examples=60)
@given(
    before=st.binary(max_size=40),
    after=st.binary(max_size=40),
    position=st.floats(0, 1, exclude_max=True),
    flip=st.integers(1, 255),
)
def test_no_byte_changes_unnoticed(before, after, position, flip):
    sealed = seal(before + EMPTY + after)
    checksum = checksum_of(sealed)
    damaged = bytearray(sealed)
    damaged[int(position * len(damaged))] ^= flip
    assert is_sealed(sealed, checksum)
    assert not is_sealed(bytes(damaged), checksum)


def test_a_cut_file_is_noticed():
    sealed = seal(EMPTY + b"weights")
    assert not is_sealed(sealed[:-1], checksum_of(sealed))
    assert not is_sealed(sealed + b"\0", checksum_of(sealed))


@pytest.mark.parametrize("content", [b"no manifest", EMPTY + EMPTY])
def test_there_must_be_one_place_for_it(content):
    with pytest.raises(ValueError, match="one manifest without a checksum"):
        seal(content)


def test_a_file_that_was_never_sealed_is_not():
    assert not is_sealed(EMPTY, NO_CHECKSUM)


def test_a_folder_is_known_by_its_names_and_contents(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a").write_bytes(b"1")
    (tmp_path / "manifest.json").write_text("{}")
    first = folder_checksum(tmp_path, without="manifest.json")
    total = hashlib.sha256(b"sub/a\0" + hashlib.sha256(b"1").digest())
    assert first == total.hexdigest()
    (tmp_path / "manifest.json").write_text("[]")
    assert folder_checksum(tmp_path, without="manifest.json") == first
    (tmp_path / "sub" / "a").rename(tmp_path / "sub" / "b")
    assert folder_checksum(tmp_path, without="manifest.json") != first


KEY = bytes(range(16))


def test_a_seal_with_a_key_is_the_hmac_of_the_unsealed_file():
    content = b"weights" + EMPTY
    sealed = seal(content, KEY)
    checksum = checksum_of(sealed)
    assert checksum == hmac.new(KEY, content, "sha256").hexdigest()
    assert unseal(sealed, checksum) == content
    assert is_sealed(sealed, checksum, KEY)
    assert not is_sealed(sealed, checksum)
    assert not is_sealed(sealed, checksum, KEY[::-1])
    plain = seal(content)
    assert not is_sealed(plain, checksum_of(plain), KEY)


def test_a_folder_with_a_key_covers_its_manifest_too(tmp_path):
    def checksum(manifest):
        (tmp_path / "manifest.json").write_text(manifest)
        return folder_checksum(tmp_path, without="manifest.json", key=KEY)

    (tmp_path / "a").write_bytes(b"1")
    text = '{\n  "far": 0.1,\n  "checksum": "' + 64 * "0" + '"\n}'
    first = checksum(text)
    # By hand: the manifest without its own checksum, then the files.
    total = hmac.new(KEY, digestmod="sha256")
    rest = b'{\n  "far": 0.1,\n\n}'
    total.update(hashlib.sha256(rest).digest())
    total.update(b"a\0" + hashlib.sha256(b"1").digest())
    assert first == total.hexdigest()
    assert checksum(text.replace("000", "abc")) == first
    assert checksum(text.replace("0.1", "0.9")) != first
    with pytest.raises(ValueError, match="one checksum"):
        checksum("{}")


@pytest.mark.parametrize("key", [b"short", "a" * 32, 32])
def test_a_key_is_sixteen_bytes_or_more(key):
    with pytest.raises(ValueError, match="`key` must be at least 16 secret"):
        new_digest(key)
