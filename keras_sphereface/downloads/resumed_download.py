"""A file from a server, whole and verified, begun anew only where it must."""

import hashlib
import http.client
import os
import re
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from keras_sphereface.downloads.download_error import DownloadError

_BLOCK = 1 << 20
# A server that says nothing for so long is taken for gone.
_TIMEOUT_SECONDS = 30
# Cuts in a row, without a byte between them, after which it is given up.
_ATTEMPTS = 4
_PAUSE_SECONDS = 0.5
_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


def download(url: str, path: Path, *, size: int, sha256: str) -> None:
    """Fetches a file and makes sure that it is the one that is meant.

    What came before a connection was cut stays in `path`, and the next call
    goes on from there. What is not the file is removed.

    Args:
        url: str, `https`, `http` or `file`.
        path: `Path` to write to; one process at a time may.
        size: int, bytes the file has.
        sha256: str, 64 hexadecimal digits.

    Raises:
        DownloadError: the server does not answer, refuses, or has another
            file.
    """
    failures, resumed = 0, path.exists()
    while (have := _size_of(path, size)) < size:
        try:
            _fetch(url, path, have, size)
        except DownloadError:
            raise
        except (OSError, http.client.HTTPException) as error:
            # HTTPError too: `urllib` makes it an OSError.
            if path.is_file() and _size_of(path, size) > have:
                failures = 0
            failures += 1
            if failures >= _ATTEMPTS or not _may_pass(error):
                raise DownloadError(
                    f"{url} could not be fetched ({_words(error)}); "
                    f"{_size_of(path, size):,} of {size:,} bytes are kept, "
                    "and the next call goes on from there"
                ) from error
            time.sleep(failures * _PAUSE_SECONDS)
    found = sha256_of(path)
    if found != sha256:
        path.unlink()
        if resumed:  # what was there may have been of something else
            download(url, path, size=size, sha256=sha256)
            return
        raise DownloadError(
            f"{url} must have the SHA-256 {sha256}; it was removed. "
            f"Received: {found}"
        )


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, as 64 hexadecimal digits.

    Args:
        path: `Path`.

    Returns:
        str.
    """
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _size_of(path: Path, size: int) -> int:
    """Bytes that came before; more than the file has are of another one."""
    have = path.stat().st_size if path.exists() else 0
    if have > size:
        path.unlink()
        return 0
    return have


def _fetch(url: str, path: Path, have: int, size: int) -> None:
    """Adds what is missing, as far as it comes."""
    headers = {"User-Agent": "keras-sphereface", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    request = urllib.request.Request(url, headers=headers)
    try:
        answer = urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS)
    except urllib.error.HTTPError as error:
        with error:
            if have and error.code == 416:
                path.unlink()
                return  # and the next attempt asks for all of it
            raise
    with answer:
        start = _start_of(answer, have)
        announced = answer.headers.get("Content-Length")
        if announced is not None and start + int(announced) != size:
            raise _wrong_size(url, size, f"{start + int(announced):,} bytes")
        with open(path, "ab" if start else "wb") as file:
            # `read` would wait for a whole block, and lose what came of it.
            while block := answer.read1(min(_BLOCK, size - start + 1)):
                start += len(block)
                if start > size:
                    break
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
    if start > size:
        path.unlink()
        raise _wrong_size(url, size, "more")
    if start < size:
        raise ConnectionError("the connection was cut")


def _start_of(answer: Any, have: int) -> int:
    """Where the bytes of an answer begin: servers may send all of them."""
    if getattr(answer, "status", None) != 206:
        return 0
    found = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
    if found is None or int(found[1]) != have:
        raise ConnectionError("the server sent another part than asked for")
    return have


def _may_pass(error: Exception) -> bool:
    """Whether the same request may go well next time."""
    if isinstance(error, urllib.error.HTTPError):
        return error.code >= 500
    if isinstance(error, urllib.error.URLError):
        return False  # no such host, no network, no certificate
    return isinstance(
        error, ConnectionError | TimeoutError | http.client.HTTPException
    )


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _wrong_size(url: str, size: int, received: str) -> DownloadError:
    return DownloadError(
        f"{url} must have {size:,} bytes; what it has was not kept. "
        f"Received: {received}"
    )
