"""The names of what is not finished, and cleaning up after killed processes."""

import os
import re
import shutil
import uuid
from pathlib import Path

# Written under another name until it is whole, and moved aside until what
# takes its place stands there.
PARTIAL, REPLACED = "partial", "replaced"
_NAME = re.compile(
    rf"\.(?P<stem>.+)\.[0-9a-f]{{12}}\.(?P<kind>{PARTIAL}|{REPLACED})"
    r"(?P<suffix>(\.[^.]*)?)"
)


def unfinished_beside(path, kind=PARTIAL):
    """A hidden name beside a path, which nothing has yet.

    Args:
        path: `Path`; its folder is made if it is missing.
        kind: str, `PARTIAL` or `REPLACED`. Defaults to `PARTIAL`.

    Returns:
        `Path` with the suffix of `path`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unique = uuid.uuid4().hex[:12]
    return path.with_name(f".{path.stem}.{unique}.{kind}{path.suffix}")


def remove_unfinished(folder):
    """Removes what killed processes left unfinished in a folder.

    A folder that was moved aside, and whose successor never came, gets its
    name back. For folders that one process at a time writes into, since what
    another one is writing looks the same.

    Args:
        folder: str or path, which need not exist. Folders in it are not
            looked into.

    Returns:
        List of `Path`, what was removed.
    """
    folder, removed = Path(folder), []
    if not folder.is_dir():
        return removed
    for path in sorted(folder.iterdir()):
        name = _NAME.fullmatch(path.name)
        if name is None:
            continue
        final = path.with_name(name["stem"] + name["suffix"])
        if name["kind"] == REPLACED and not final.exists():
            os.rename(path, final)
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
        removed.append(path)
    return removed
