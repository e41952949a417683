"""A folder for one process at a time."""

import contextlib
import datetime
import json
import os
import socket
import warnings
from pathlib import Path

LOCK_NAME = ".lock"


class FolderInUseError(OSError):
    """A folder that another process writes into."""


@contextlib.contextmanager
def lock_folder(folder):
    """Keeps other processes out of a folder that all of them lock.

    The lock is one of the system, so it ends with the process, however that
    ends. The file `.lock` only names who holds it. Systems without such locks,
    as Windows, have none here; a file system without them gets a warning.

    Args:
        folder: str or path of a folder.

    Raises:
        FolderInUseError: another process holds the lock; the error says which.
    """
    path = Path(folder) / LOCK_NAME
    file = _locked(path)
    try:
        _write_holder(file)
        yield
    finally:
        # Before the lock ends, or it could be the file of the next holder.
        path.unlink(missing_ok=True)
        os.close(file)


def _locked(path):
    """The descriptor of the lock's file, held."""
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _lock(file, path)
            if _is_same(file, path):
                return file
        except BaseException:
            os.close(file)
            raise
        # Its last holder removed it after it was opened here.
        os.close(file)


def _lock(file, path):
    try:
        import fcntl
    except ImportError:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise FolderInUseError(
            f"{path.parent} is in use by {_holder(file)}; wait for it to end, "
            "or give another folder"
        ) from None
    except OSError as error:
        warnings.warn(
            f"{path.parent} cannot be locked ({error.strerror}); see to it "
            "that no two processes use it at once",
            stacklevel=5,
        )


def _is_same(file, path):
    try:
        return os.path.samestat(os.fstat(file), os.stat(path))
    except FileNotFoundError:
        return False


def _write_holder(file):
    holder = {
        "process": os.getpid(),
        "host": socket.gethostname(),
        "since": datetime.datetime.now().isoformat(" ", "seconds"),
    }
    os.ftruncate(file, 0)
    os.write(file, json.dumps(holder).encode())


def _holder(file):
    try:
        holder = json.loads(os.read(file, 4096))
        return (
            f"process {holder['process']} on {holder['host']}, since "
            f"{holder['since']}"
        )
    except (ValueError, KeyError, TypeError):
        return "another process"  # which has not written its name yet
