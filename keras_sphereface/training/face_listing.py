"""What a training set holds, image by image, and how two of them differ."""

import hashlib
import zlib
from typing import NamedTuple

import numpy as np

from keras_sphereface.data import EncodedFaces
from keras_sphereface.data.encoded_faces import first_few
from keras_sphereface.data.listing_cache import pack_names, unpack_names
from keras_sphereface.data.thread_map import map_in_threads

# Images of a set that is small enough to be read once more: seconds.
MOST_READ = 20_000


class FaceListing(NamedTuple):
    """The images of a training set, in their order.

    Attributes:
        names: list of str, what each image is called wherever the set lies.
        labels: int64 array, `[num_images]`.
        marks: int64 array, `[num_images]`, checksums of the images, or the
            bytes of each in a large set of encoded ones.
        identities: list of str, what each label means.
    """

    names: list
    labels: np.ndarray
    marks: np.ndarray
    identities: list

    def digest(self):
        """The SHA-256 of all of it, 64 hexadecimal digits."""
        total = hashlib.sha256()
        for array in self.to_arrays().values():
            total.update(len(array).to_bytes(8, "little"))
            total.update(array.tobytes())
        return total.hexdigest()

    def to_arrays(self):
        """The listing as a dict of arrays."""
        return {
            "names": pack_names(self.names),
            "labels": self.labels,
            "marks": self.marks,
            "identities": pack_names(self.identities),
        }

    @classmethod
    def from_arrays(cls, arrays):
        """The listing whose arrays these are."""
        return cls(
            unpack_names(arrays["names"]),
            arrays["labels"],
            arrays["marks"],
            unpack_names(arrays["identities"]),
        )


def list_faces(faces):
    """The `FaceListing` of `TrainingFaces`."""
    source = faces.source
    if isinstance(source, EncodedFaces):
        names = [source.key_of(position) for position in range(len(source))]
        marks = (
            _checksums(source) if len(source) <= MOST_READ else source.sizes()
        )
    else:
        images = source[0] if isinstance(source, tuple) else source.load()[0]
        names = [f"image {position}" for position in range(len(images))]
        marks = [zlib.crc32(np.ascontiguousarray(each)) for each in images]
    return FaceListing(
        names,
        np.asarray(faces.labels, np.int64),
        np.asarray(marks, np.int64),
        list(faces.identities),
    )


def _checksums(source):
    def checksums(positions):
        return [zlib.crc32(source.read_bytes(each)) for each in positions]

    return list(map_in_threads(checksums, range(len(source))))


def listing_changes(before, now):
    """What is different in a training set.

    Args:
        before: `FaceListing`.
        now: `FaceListing`.

    Returns:
        List of str, empty where nothing is.
    """
    place_before, place_now = (
        {name: place for place, name in enumerate(listing.names)}
        for listing in (before, now)
    )
    both = [name for name in now.names if name in place_before]
    then = np.array([place_before[name] for name in both], np.int64)
    here = np.array([place_now[name] for name in both], np.int64)
    people = [
        [listing.identities[label] for label in listing.labels[places]]
        for listing, places in ((before, then), (now, here))
    ]
    groups = {
        "added": [name for name in now.names if name not in place_before],
        "gone": [name for name in before.names if name not in place_now],
        "of another identity": [
            f"{name} (of {old}, now of {new})"
            for name, old, new in zip(both, *people, strict=True)
            if old != new
        ],
        "of other content": [
            both[each]
            for each in np.flatnonzero(before.marks[then] != now.marks[here])
        ],
    }
    changes = [
        f"{len(names)} images {what}: {first_few(names)}"
        for what, names in groups.items()
        if names
    ]
    if before.identities != now.identities:
        changes.append("the identities, or their order")
    if (np.diff(then) < 0).any():
        changes.append("the order of the images")
    return changes
