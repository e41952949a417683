"""Public files on this machine's disk: fetched once, verified every time."""

import contextlib
import hashlib
import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from keras_sphereface.downloads.archive_member import read_member
from keras_sphereface.downloads.download_error import DownloadError
from keras_sphereface.downloads.public_file import PublicFile
from keras_sphereface.downloads.registry import get
from keras_sphereface.downloads.resumed_download import download, sha256_of
from keras_sphereface.files import FolderInUseError, lock_folder, new_file

HOME_VARIABLE = "KSF_HOME"
MIRROR_VARIABLE = "KSF_MIRROR"
_WAIT_SECONDS = 0.2

_log = logging.getLogger(__name__)


def home_folder() -> Path:
    """Where public files are kept.

    Returns:
        `Path`: the folder that the environment variable `KSF_HOME` names, or
        else `keras_sphereface` in the user's cache.
    """
    own = os.environ.get(HOME_VARIABLE)
    if own:
        return Path(own).expanduser()
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "keras_sphereface"


def pretrained_file(name: str) -> Path:
    """The path of a public file, which is fetched if it is not there yet.

    The file is verified every time, and one that is there needs no network and
    no right to write. A download that was cut goes on where it ended; two
    processes may ask at once. Where the file comes from and what its license
    is, is logged once, when it is fetched.

    The environment variable `KSF_HOME` sets the folder, `KSF_MIRROR` a server
    or a folder (`file:///...`) that holds copies under host and path of their
    address, as `wget --force-directories` writes them.

    Args:
        name: str, one of `downloads.names()`.

    Returns:
        `Path`.

    Raises:
        DownloadError: the file could not be fetched, or is another one.

    Example:

    ```python
    path = ks.pretrained_file("blazeface_short_range")
    ```
    """
    public = get(name)
    path = home_folder() / name / public.file_name
    if _is_it(path, public):
        return path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _one_at_a_time(path.parent):
            if not _is_it(path, public):  # another process may have been first
                _fetch(name, public, path)
    except DownloadError as error:
        raise DownloadError(
            f"{error}. Without a network, copy {public.file_name} of "
            f"{public.source} to {path}"
        ) from error
    except OSError as error:
        raise DownloadError(
            f"{path} is not there and cannot be written ({error.strerror}); "
            f"the environment variable {HOME_VARIABLE} names another folder"
        ) from error
    return path


def _is_it(path: Path, public: PublicFile) -> bool:
    return (
        path.is_file()
        and path.stat().st_size == public.file_size
        and sha256_of(path) == public.file_sha256
    )


def _fetch(name: str, public: PublicFile, path: Path) -> None:
    _log.warning("%s: %s", name, public)
    # One name, so that the next process finds what this one leaves.
    partial = path.with_name(f".{public.sha256[:16]}.partial")
    download(
        _address(public.url), partial, size=public.size, sha256=public.sha256
    )
    if public.member is None:
        os.replace(partial, path)
        return
    content = read_member(partial, public.member, public.file_size)
    found = hashlib.sha256(content).hexdigest()
    if found != public.file_sha256:
        raise DownloadError(
            f"{public.member} in {public.url} must have the SHA-256 "
            f"{public.file_sha256}. Received: {found}"
        )
    with new_file(path) as temporary:
        temporary.write_bytes(content)
    partial.unlink()


def _address(url: str) -> str:
    """Of the mirror, if there is one."""
    mirror = os.environ.get(MIRROR_VARIABLE)
    if not mirror:
        return url
    if urlsplit(mirror).scheme not in ("https", "http", "file"):
        raise ValueError(
            f"{MIRROR_VARIABLE} must begin with https://, http:// or file://. "
            f"Received: {mirror!r}"
        )
    parts = urlsplit(url)
    return f"{mirror.rstrip('/')}/{parts.netloc}{parts.path}"


@contextlib.contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Waits for another process that fetches the same file."""
    said = False
    while True:
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(lock_folder(folder))
            except FolderInUseError as error:
                if not said:
                    _log.warning("waiting: %s", error)
                    said = True
            else:
                yield
                return
        time.sleep(_WAIT_SECONDS)
