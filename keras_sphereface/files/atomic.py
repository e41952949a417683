"""Files and folders that appear complete or not at all.

Everything is written under a temporary name in the same parent and renamed at
the end. Whatever stops the writing (a full disk, Ctrl-C, a killed process),
nothing half-written stands under the final name, and what stood there before
is still there. Only a killed process leaves its temporary behind, under a name
that starts with a dot and contains `.partial`; killed just between the two
renames that replace a folder, it leaves the older folder under such a name.
"""

import contextlib
import json
import os
import shutil
import uuid
from pathlib import Path


@contextlib.contextmanager
def new_file(path):
    """Gives the path of a file to write, which then takes the place of `path`.

    Args:
        path: str or path; its folder is made if it is missing. An older file
            is replaced when the block has ended without error.

    Yields:
        `Path` of the temporary file, with the suffix of `path`, not there yet.
    """
    path = Path(path)
    if path.is_dir():
        raise ValueError(
            "`path` must name a file, and this is a folder. "
            f"Received: path={os.fspath(path)!r}"
        )
    temporary = _temporary_beside(path)
    try:
        yield temporary
        with open(temporary, "rb") as file:
            os.fsync(file.fileno())  # on the disk before it gets its name
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


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

    Yields:
        `Path` of the empty temporary folder.
    """
    folder = Path(folder)
    _check_replaceable(folder, replaces)
    temporary = _temporary_beside(folder)
    old = _temporary_beside(folder)
    try:
        temporary.mkdir()
        yield temporary
        if folder.exists():
            # A folder with contents cannot be renamed over in one step.
            os.rename(folder, old)
        os.rename(temporary, folder)
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
        and not (folder / replaces).is_file()
    ):
        raise ValueError(
            "`folder` must be new, empty or an older export; this one holds "
            f"other files and no {replaces}, so it is left alone. "
            f"Received: folder={os.fspath(folder)!r}"
        )


def _temporary_beside(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    unique = uuid.uuid4().hex[:12]
    return path.with_name(f".{path.stem}.{unique}.partial{path.suffix}")
