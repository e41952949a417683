"""Checkpoints: numbered files that are whole, checked, or passed over."""

import json
import re
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np

from keras_sphereface.training.checked_arrays import (
    CheckpointError,
    read_arrays,
    write_arrays,
)

_NOTES = "notes"
_NAME = re.compile(r"step-(\d{9})\.npz")


class Checkpoint(NamedTuple):
    """What a run is at one step.

    Attributes:
        step: int, batches seen.
        arrays: dict of NumPy arrays by name.
        notes: dict of JSON types.
    """

    step: int
    arrays: dict
    notes: dict


class Checkpoints:
    """The newest checkpoints of a folder.

    Each is one `.npz` file, written under a temporary name and renamed, that
    ends with its checksum: see `write_arrays`.

    Args:
        folder: str or path; made when the first checkpoint is written.
        keep: int, newest checkpoints to keep.
    """

    def __init__(self, folder, keep=2):
        self.folder = Path(folder)
        self.keep = keep

    def steps(self):
        """Steps that have a checkpoint, ascending."""
        if not self.folder.is_dir():
            return []
        names = (_NAME.fullmatch(path.name) for path in self.folder.iterdir())
        return sorted(int(name[1]) for name in names if name)

    def save(self, checkpoint):
        """Writes a `Checkpoint` and removes those beyond `keep`.

        Those of later steps go too: the run has passed over them.
        """
        text = json.dumps({**checkpoint.notes, "step": checkpoint.step})
        notes = {_NOTES: np.frombuffer(text.encode(), np.uint8)}
        path = self._path(checkpoint.step)
        write_arrays(path, {**checkpoint.arrays, **notes})
        steps = self.steps()
        end = steps.index(checkpoint.step) + 1
        for step in (*steps[: max(end - self.keep, 0)], *steps[end:]):
            self._path(step).unlink()

    def newest(self):
        """The newest `Checkpoint` that can be read, or `None`.

        A damaged one is passed over with a warning that names it; if all are
        damaged it is an error, since starting over would hide the loss.
        """
        steps = self.steps()
        for step in reversed(steps):
            try:
                return self._read(step)
            except CheckpointError as error:
                warnings.warn(
                    f"{error}; going back to the one before", stacklevel=2
                )
        if steps:
            raise CheckpointError(
                f"none of the checkpoints in {self.folder} can be read; "
                "remove the folder to start over"
            )
        return None

    def remove(self):
        """Removes all checkpoints, and the folder if nothing else is in it."""
        for step in self.steps():
            self._path(step).unlink()
        if self.folder.is_dir() and not any(self.folder.iterdir()):
            self.folder.rmdir()

    def _path(self, step):
        return self.folder / f"step-{step:09d}.npz"

    def _read(self, step):
        path = self._path(step)
        arrays = read_arrays(path)
        notes = json.loads(arrays.pop(_NOTES).tobytes())
        if notes.pop("step", None) != step:
            raise CheckpointError(f"checkpoint {path} is of another step")
        return Checkpoint(step, arrays, notes)
