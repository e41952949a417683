"""Files and folders that appear complete or not at all.

Everything is written under a temporary name in the same parent and renamed at
the end, once it is on the disk. Whatever stops the writing (a full disk,
Ctrl-C, a killed process), nothing half-written stands under the final name, and
what stood there before is still there; an error of the disk has the final name.
Only a killed process leaves its temporary behind, under a name that starts with
a dot and contains `.partial`; killed just between the two renames that replace
a folder, it leaves the older folder under a name with `.replaced`.
`remove_unfinished` cleans up after it.
"""

import contextlib
import errno
import io
import json
import os
import shutil
from pathlib import Path

from keras_sphereface.files.unfinished import REPLACED, unfinished_beside

# Errors of a disk, which say nothing of a name.
_OF_THE_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}


@contextlib.contextmanager
def new_file(path):
    """Gives the path of a file to write, which then takes the place of `path`.

    Args:
        path: str or path; its folder is made if it is missing. An older file
            is replaced when the block has ended without error.

    Yields:
        `Path` of the temporary file, with the suffix of `path`, not there yet.

    Raises:
        OSError: it could not be written, on a full disk for example; the error
            has `path`.
    """
    path = Path(path)
    if path.is_dir():
        raise ValueError(
            "`path` must name a file, and this is a folder. "
            f"Received: path={os.fspath(path)!r}"
        )
    temporary = unfinished_beside(path)
    try:
        yield temporary
        _bring_to_disk(temporary)
        os.replace(temporary, path)
    except Exception as error:
        _raise_with_name(error, temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def new_stream(path):
    """Gives a file in memory, whose bytes then take the place of `path`.

    For writers that may overlook that a disk took only a part of what they
    gave it, as Pillow, Matplotlib and NumPy do for a file of their own.

    Args:
        path: str or path, as in `new_file`.

    Yields:
        `io.BytesIO`.
    """
    with new_file(path) as temporary:
        stream = io.BytesIO()
        yield stream
        temporary.write_bytes(stream.getbuffer())


def write_json(path, content):
    """Writes JSON to a file that is complete or not there.

    Args:
        path: str or path.
        content: JSON types; a NaN is an error, since JSON has none.
    """
    text = json.dumps(content, indent=2, allow_nan=False)
    with new_file(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


@contextlib.contextmanager
def new_folder(folder, *, replaces):
    """Gives an empty folder to fill, which then takes the place of `folder`.

    Args:
        folder: str or path; its parent is made if it is missing. An older
            artifact there is replaced when the block has ended without error.
        replaces: str, a file that marks an older artifact, for example
            `"saved_model.pb"`. A folder with other contents is never replaced.
            `None`: nothing is, not even what came while this was written.

    Yields:
        `Path` of the empty temporary folder.

    Raises:
        ValueError: something is in `folder` that is not replaced.
        OSError: it could not be written; the error has `folder`.
    """
    folder = Path(folder)
    _check_replaceable(folder, replaces)
    temporary = unfinished_beside(folder)
    old = unfinished_beside(folder, REPLACED)
    try:
        temporary.mkdir()
        yield temporary
        for file in temporary.rglob("*"):
            if file.is_file():
                _bring_to_disk(file)
        if replaces is not None and folder.exists():
            # A folder with contents cannot be renamed over in one step.
            os.rename(folder, old)
        os.rename(temporary, folder)  # an error over a folder with contents
    except Exception as error:
        _raise_with_name(error, temporary, folder)
    finally:
        if old.exists() and not folder.exists():
            os.rename(old, folder)
        for leftover in (temporary, old):
            if leftover.exists():
                shutil.rmtree(leftover)


def _check_replaceable(folder, replaces):
    if folder.exists() and not folder.is_dir():
        raise ValueError(
            "`folder` must name a folder, and this is a file. "
            f"Received: folder={os.fspath(folder)!r}"
        )
    if (
        folder.is_dir()
        and any(folder.iterdir())
        and (replaces is None or not (folder / replaces).is_file())
    ):
        if replaces is None:
            raise ValueError(
                "`folder` must be new or empty; what is there is never "
                f"replaced. Received: folder={os.fspath(folder)!r}"
            )
        raise ValueError(
            "`folder` must be new, empty or an older export; this one holds "
            f"other files and no {replaces}, so it is left alone. "
            f"Received: folder={os.fspath(folder)!r}"
        )


def _bring_to_disk(path):
    with open(path, "rb") as file:
        os.fsync(file.fileno())


def _raise_with_name(error, temporary, path):
    """Raises the error of a failed write with the name the caller gave."""
    fault = error
    # A library may fail in other words once a write has failed.
    while fault is not None and not _is_failed_write(fault, temporary):
        fault = fault.__cause__ or fault.__context__
    if fault is None:
        raise error  # of a file that was read, for example
    raise OSError(fault.errno, fault.strerror, os.fspath(path)) from error


def _is_failed_write(error, temporary):
    if not isinstance(error, OSError):
        return False
    if error.filename is None:
        return error.errno in _OF_THE_DISK
    is_name = isinstance(error.filename, (str, bytes, os.PathLike))
    return is_name and os.fsdecode(error.filename).startswith(
        os.fspath(temporary)
    )
