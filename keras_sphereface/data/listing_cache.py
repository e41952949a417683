"""What was found in a large data set, kept for the next start."""

import hashlib
import io
import os
import warnings
import zipfile
from pathlib import Path

import numpy as np

from keras_sphereface.files import new_file

MIN_IMAGES = 10_000  # below it, looking again costs a second
_DIGEST_BYTES = 32  # SHA-256 of the arrays, which follow it


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
        Dict of arrays, or `None`. A damaged file is passed over with a
        warning: it is only a cache.
    """
    file = _file_of(path)
    try:
        content = file.read_bytes()
    except OSError:
        return None  # none yet
    digest, arrays = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
    if hashlib.sha256(arrays).digest() != digest:
        warnings.warn(
            f"The listing in {file} is damaged; the set is searched anew.",
            stacklevel=2,
        )
        return None
    listing = _arrays_in(arrays)
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
    stream = io.BytesIO()
    np.savez(stream, fingerprint=np.array(expected), **listing)
    arrays = stream.getvalue()
    try:
        with new_file(_file_of(path)) as temporary:
            temporary.write_bytes(hashlib.sha256(arrays).digest() + arrays)
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


def _arrays_in(content):
    """The arrays of a `.npz` file, unless they are more than its bytes."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        size = sum(member.file_size for member in archive.infolist())
    if size > len(content):
        return {}
    with np.load(io.BytesIO(content), allow_pickle=False) as kept:
        return {name: kept[name] for name in kept.files}


def _file_of(path):
    name = hashlib.blake2b(os.fsencode(os.path.realpath(path)), digest_size=12)
    return cache_folder() / f"listing-{name.hexdigest()}.listing"
