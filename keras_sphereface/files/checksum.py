"""The seal of an artifact: whether it is still what the exporter wrote."""

import hashlib
import os
from pathlib import Path

NO_CHECKSUM = "0" * 64
_ENTRY = '"checksum": "{}"'


def seal(content: bytes) -> bytes:
    """Fills in the checksum of a file whose manifest has none yet.

    The checksum is the SHA-256 of the file with 64 zeros in its own place, so
    it covers every other byte, the manifest's included.

    Args:
        content: bytes of a file with one manifest, as JSON text.

    Returns:
        Bytes of the same length.
    """
    empty = _ENTRY.format(NO_CHECKSUM).encode()
    if content.count(empty) != 1:
        raise ValueError(
            "`content` must hold one manifest without a checksum. "
            f"Received: {content.count(empty)} of them"
        )
    digest = hashlib.sha256(content).hexdigest()
    return content.replace(empty, _ENTRY.format(digest).encode())


def is_sealed(content: bytes, checksum: str) -> bool:
    """Whether a file is the one that `seal` returned.

    Args:
        content: bytes of the file.
        checksum: str, the one in its manifest.

    Returns:
        bool.
    """
    entry = _ENTRY.format(checksum).encode()
    if content.count(entry) != 1:
        return False
    empty = _ENTRY.format(NO_CHECKSUM).encode()
    original = content.replace(entry, empty)
    return hashlib.sha256(original).hexdigest() == checksum


def folder_checksum(folder: str | os.PathLike, *, without: str) -> str:
    """SHA-256 of the names and contents of the files in a folder.

    Args:
        folder: str or path.
        without: str, the one file in it that is left out.

    Returns:
        str, 64 hexadecimal digits.
    """
    folder = Path(folder)
    names = sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file()
    )
    total = hashlib.sha256()
    for name in names:
        if name != without:
            content = (folder / name).read_bytes()
            total.update(name.encode() + b"\0")
            total.update(hashlib.sha256(content).digest())
    return total.hexdigest()
