"""The data of a run, to be recognized when the run goes on."""

import functools
import hashlib
import os
from pathlib import Path

import numpy as np

from keras_sphereface.training.checked_arrays import (
    CheckpointError,
    read_arrays,
    write_arrays,
)
from keras_sphereface.training.face_listing import (
    FaceListing,
    list_faces,
    listing_changes,
)


class DataFingerprint:
    """Digests of what is trained on and verified, for checkpoints.

    Of training images it knows names, order, labels and content, of sets of
    more than 20,000 encoded ones the sizes instead, and of pairs all. The
    names stand in a file beside the checkpoints, to say what has changed;
    without it, that it has is all that is said.

    Args:
        faces: `TrainingFaces`.
        steps_per_epoch: int.
        folder: path of the checkpoints.
    """

    def __init__(self, faces, steps_per_epoch, folder):
        self.steps_per_epoch = steps_per_epoch
        self._faces = faces
        self._path = Path(folder) / "faces.npz"

    @functools.cached_property
    def listing(self):
        """The `FaceListing` of the training set."""
        return list_faces(self._faces)

    @functools.cached_property
    def notes(self):
        """Dict of JSON types, what a checkpoint keeps."""
        return {
            "num_images": len(self.listing.names),
            "steps_per_epoch": self.steps_per_epoch,
            "faces": self.listing.digest(),
            "pairs": {
                name: _pairs_digest(pairs)
                for name, pairs in self._faces.pair_sets.items()
            },
        }

    def keep(self):
        """Writes the names, for `changes` of a later process."""
        write_arrays(self._path, self.listing.to_arrays())

    def remove(self):
        """Removes the names."""
        self._path.unlink(missing_ok=True)

    def changes(self, before):
        """What is not as it was.

        Args:
            before: dict, `notes` of a checkpoint.

        Returns:
            List of str, empty where nothing has changed.
        """
        changes, now = [], self.notes
        if before["faces"] != now["faces"]:
            changes += self._changed_faces(before)
        if before["steps_per_epoch"] != now["steps_per_epoch"]:
            changes.append(
                f"steps per epoch were {before['steps_per_epoch']}, are "
                f"{now['steps_per_epoch']}"
            )
        changes += [
            f"pairs {name!r}"
            for name in sorted(before["pairs"].keys() | now["pairs"].keys())
            if before["pairs"].get(name) != now["pairs"].get(name)
        ]
        return changes

    def _changed_faces(self, before):
        try:
            listing = FaceListing.from_arrays(read_arrays(self._path))
        except CheckpointError:
            listing = None  # it only explains
        if listing is not None and listing.digest() == before["faces"]:
            changes = listing_changes(listing, self.listing)
            if changes:
                return changes
        return [
            "the training set, in the names, content, labels or order of its "
            f"images ({before['num_images']} then, "
            f"{self.notes['num_images']} now)"
        ]


def _pairs_digest(pairs):
    total = hashlib.sha256()
    for name in ("index_a", "index_b", "is_same", "folds"):
        total.update(np.asarray(getattr(pairs, name), np.int64).tobytes())
    for image in pairs.images:
        if isinstance(image, bytes):
            total.update(hashlib.sha256(image).digest())
        elif isinstance(image, str | os.PathLike):
            total.update(os.path.getsize(image).to_bytes(8, "little"))
        else:
            total.update(np.ascontiguousarray(image))
    return total.hexdigest()
