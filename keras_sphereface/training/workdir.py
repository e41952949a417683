"""The folder of a run."""

import contextlib
from pathlib import Path

from keras_sphereface.files import lock_folder, remove_unfinished


def checkpoint_folder(workdir):
    """Where a run keeps its checkpoints."""
    return Path(workdir) / "checkpoints"


@contextlib.contextmanager
def open_workdir(workdir, writes_files=True):
    """The folder of a run for one process alone, without leftovers.

    Args:
        workdir: str or path; made if it is missing.
        writes_files: bool, `False` on all workers but one. Defaults to `True`.

    Yields:
        `Path`.

    Raises:
        FolderInUseError: another process trains in it; the error says which.
    """
    workdir = Path(workdir)
    workdir.mkdir(parents=True, exist_ok=True)
    if not writes_files:
        yield workdir
        return
    with lock_folder(workdir):
        for folder in (workdir, checkpoint_folder(workdir)):
            remove_unfinished(folder)
        yield workdir
