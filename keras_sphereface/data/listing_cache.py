"""What was found in a large data set, kept for the next start."""

import hashlib
import os
import zipfile
from pathlib import Path

import numpy as np

from keras_sphereface.files import new_file

MIN_IMAGES = 10_000  # below it, looking again costs a second


def cache_folder():
    """Where listings are kept.

    Returns:
        `Path`: `$KERAS_SPHEREFACE_CACHE`, or `keras_sphereface` in
        `$XDG_CACHE_HOME` or in `~/.cache`.
    """
    own = os.environ.get("KERAS_SPHEREFACE_CACHE")
    if own:
        return Path(own)
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "keras_sphereface"


def fingerprint(*parts):
    """A digest that changes with any of the parts.

    Args:
        *parts: anything with a stable `repr`.

    Returns:
        str, 32 hexadecimal digits.
    """
    return hashlib.blake2b(repr(parts).encode(), digest_size=16).hexdigest()


def read_listing(path, expected):
    """The arrays kept for a data set, if it has not changed since.

    Args:
        path: path of the folder or file that was listed.
        expected: str, the `fingerprint` it has now.

    Returns:
        Dict of arrays, or `None`.
    """
    try:
        # A file that np.load opens stays open where it is damaged.
        with (
            open(_file_of(path), "rb") as file,
            np.load(file, allow_pickle=False) as arrays,
        ):
            listing = {name: arrays[name] for name in arrays.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None  # none yet, or damaged: it is only a cache
    if str(listing.pop("fingerprint", "")) != expected:
        return None
    return listing


def write_listing(path, expected, listing):
    """Keeps the arrays of a large data set; silently not, on a full disk.

    Args:
        path: path of the folder or file that was listed.
        expected: str, its `fingerprint`.
        listing: dict of arrays, none of objects.
    """
    try:
        with new_file(_file_of(path)) as temporary:
            np.savez(temporary, fingerprint=np.array(expected), **listing)
    except OSError:
        pass  # a home that cannot be written costs time only


def pack_names(names):
    """Strings as one array of bytes.

    Args:
        names: list of str without NUL, or of file names in any encoding.

    Returns:
        Uint8 array.
    """
    return np.frombuffer(b"\0".join(map(os.fsencode, names)), np.uint8)


def unpack_names(array):
    """The strings of `pack_names`.

    Args:
        array: uint8 array.

    Returns:
        List of str.
    """
    content = array.tobytes()
    return [os.fsdecode(n) for n in content.split(b"\0")] if content else []


def _file_of(path):
    name = hashlib.blake2b(os.fsencode(os.path.realpath(path)), digest_size=12)
    return cache_folder() / f"listing-{name.hexdigest()}.npz"
