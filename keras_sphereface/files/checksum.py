"""The seal of an artifact: whether it is still what the exporter wrote.

A checksum shows damage. Who changes a file on purpose can make its checksum
fit; only a seal with a secret key shows that.
"""

import hashlib
import hmac
import os
import re
from pathlib import Path

NO_CHECKSUM = "0" * 64
MIN_KEY_BYTES = 16
_ENTRY = '"checksum": "{}"'
# The entry of the outermost object, as `Manifest.to_json` indents it.
_OWN_ENTRY = re.compile(rb'^  "checksum": "[0-9a-f]{64}"', re.MULTILINE)


def new_digest(key: bytes | None = None) -> "hashlib._Hash | hmac.HMAC":
    """An empty checksum, to be updated with bytes.

    Args:
        key: bytes, at least 16, secret; 32 of `secrets.token_bytes` are good.
            Defaults to `None`, a checksum that anyone can compute.

    Returns:
        SHA-256, or with a key HMAC-SHA-256.
    """
    if key is None:
        return hashlib.sha256()
    if not isinstance(key, bytes) or len(key) < MIN_KEY_BYTES:
        what = f"{len(key)} bytes" if isinstance(key, bytes) else type(key)
        raise ValueError(
            f"`key` must be at least {MIN_KEY_BYTES} secret bytes, such as "
            f"`secrets.token_bytes(32)`. Received: {what}"
        )
    return hmac.new(key, digestmod="sha256")


def seal(content: bytes, key: bytes | None = None) -> bytes:
    """Fills in the checksum of a file whose manifest has none yet.

    The checksum is the SHA-256 of the file with 64 zeros in its own place, so
    it covers every other byte, the manifest's included.

    Args:
        content: bytes of a file with one manifest, as JSON text.
        key: bytes, as in `new_digest`. Defaults to `None`.

    Returns:
        Bytes of the same length.
    """
    empty = _ENTRY.format(NO_CHECKSUM).encode()
    if content.count(empty) != 1:
        raise ValueError(
            "`content` must hold one manifest without a checksum. "
            f"Received: {content.count(empty)} of them"
        )
    digest = _digest_of(content, key)
    return content.replace(empty, _ENTRY.format(digest).encode())


def unseal(content: bytes, checksum: str) -> bytes:
    """The file that `seal` was given.

    Args:
        content: bytes of a file that `is_sealed`.
        checksum: str, the one in its manifest.

    Returns:
        Bytes of the same length.
    """
    entry, empty = _ENTRY.format(checksum), _ENTRY.format(NO_CHECKSUM)
    return content.replace(entry.encode(), empty.encode())


def is_sealed(content: bytes, checksum: str, key: bytes | None = None) -> bool:
    """Whether a file is the one that `seal` returned.

    Args:
        content: bytes of the file.
        checksum: str, the one in its manifest.
        key: bytes, the one it was sealed with. Defaults to `None`, none.

    Returns:
        bool.
    """
    entry = _ENTRY.format(checksum).encode()
    if content.count(entry) != 1:
        return False
    digest = _digest_of(unseal(content, checksum), key)
    return hmac.compare_digest(digest, checksum)


def _digest_of(content: bytes, key: bytes | None) -> str:
    digest = new_digest(key)
    digest.update(content)
    return digest.hexdigest()


def folder_checksum(
    folder: str | os.PathLike,
    *,
    without: str,
    key: bytes | None = None,
    text: bytes | None = None,
) -> str:
    """SHA-256 of the names and contents of the files in a folder.

    Args:
        folder: str or path.
        without: str, the one file in it that is left out, a manifest. With a
            key all of it but its own checksum counts too.
        key: bytes, as in `new_digest`. Defaults to `None`.
        text: bytes, what will stand in the file that is left out. Defaults to
            `None`, what stands there.

    Returns:
        str, 64 hexadecimal digits.
    """
    folder = Path(folder)
    names = sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file()
    )
    total = new_digest(key)
    if key is not None:
        if text is None:
            text = (folder / without).read_bytes()
        text, count = _OWN_ENTRY.subn(b"", text)
        if count != 1:
            raise ValueError(
                f"`without` must be a manifest with one checksum. Received: "
                f"{count} of them in {os.fspath(folder / without)!r}"
            )
        total.update(hashlib.sha256(text).digest())
    for name in names:
        if name != without:
            content = (folder / name).read_bytes()
            total.update(name.encode() + b"\0")
            total.update(hashlib.sha256(content).digest())
    return total.hexdigest()
