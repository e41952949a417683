import hashlib

import numpy as np
import pytest

from keras_sphereface.files import (
    has_trailing_checksum,
    write_trailing_checksum,
)

# Longer than one block that is read at a time.
CONTENT = np.random.default_rng(0).bytes(2**20 + 7)


def is_intact(path):
    with open(path, "rb") as file:
        intact = has_trailing_checksum(file)
        assert file.tell() == 0
        return intact


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(CONTENT + bytes(64))
    write_trailing_checksum(path)
    return path


def test_the_last_bytes_are_the_checksum_of_all_before(path):
    digest = hashlib.sha256(CONTENT).hexdigest().encode()
    assert path.read_bytes() == CONTENT + digest
    assert is_intact(path)


@pytest.mark.parametrize("place", [0, 2**20 + 3, -64, -1])
def test_a_changed_byte_shows(path, place):
    content = bytearray(path.read_bytes())
    content[place] ^= 0x20  # of a letter, its case
    path.write_bytes(content)
    assert not is_intact(path)


@pytest.mark.parametrize("length", [0, 63, 64, 2**20, -1])
def test_a_file_cut_short_shows(path, length):
    path.write_bytes(path.read_bytes()[:length])
    assert not is_intact(path)
