"""A checksum as the last bytes of a file."""

import hashlib
import os

CHECKSUM_BYTES = 64


def write_trailing_checksum(path):
    """Makes the last 64 bytes of a file the SHA-256 of all before them.

    Args:
        path: str or path of a file that has room for them at its end, such as
            a zip file with a comment of 64 bytes.
    """
    with open(path, "r+b") as file:
        digest = _digest(file)
        file.seek(-CHECKSUM_BYTES, os.SEEK_END)
        file.write(digest)


def has_trailing_checksum(file):
    """Whether a file is as `write_trailing_checksum` left it, to the last bit.

    Args:
        file: binary file, open for reading. It is at its start again.

    Returns:
        Bool.
    """
    digest = _digest(file)
    # An empty digest says that the file is shorter than one.
    is_intact = bool(digest) and file.read(CHECKSUM_BYTES) == digest
    file.seek(0)
    return is_intact


def _digest(file):
    """Of all but the last bytes, at whose start the file is then."""
    left = file.seek(0, os.SEEK_END) - CHECKSUM_BYTES
    if left < 0:
        return b""
    file.seek(0)
    total = hashlib.sha256()
    while left:
        block = file.read(min(left, 2**20))
        if not block:
            return b""  # cut short while it is read
        total.update(block)
        left -= len(block)
    return total.hexdigest().encode()
