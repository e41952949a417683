"""The images of a folder with one sub-folder per identity."""

import os

import numpy as np

from keras_sphereface.data import listing_cache
from keras_sphereface.data.encoded_faces import first_few

_EXTENSIONS = (".jpg", ".jpeg", ".png")
_LAYOUT = (
    "`folder` must hold one sub-folder per identity with that person's images "
    "in it: folder/alice/1.jpg, folder/bob/1.jpg."
)


def checked_folder(folder):
    """A folder's path as str, checked.

    Args:
        folder: path.

    Returns:
        str.
    """
    if not isinstance(folder, (str, os.PathLike)):
        raise ValueError(
            f"`folder` must be a path. Received: folder={folder!r}"
        )
    if not os.path.isdir(folder):
        found = "which is a file" if os.path.exists(folder) else "not found"
        raise ValueError(
            f"{_LAYOUT} Received: folder={os.fspath(folder)!r}, {found}"
        )
    return os.fspath(folder)


def list_images(folder):
    """The images of every identity.

    A listing of 10,000 images or more is kept in the user's cache folder and
    read from there as long as no entry was added to, removed from or renamed
    in the folder and its sub-folders.

    Args:
        folder: str, path of the folder.

    Returns:
        `(paths_of, digest)`: dict of identity to its paths, both in the order
        of their names, and a `listing_cache.fingerprint` of the folders.
    """
    entries = _visible(folder)
    loose = [entry.name for entry in entries if _is_image(entry)]
    if loose:
        raise ValueError(
            f"{_LAYOUT} Received: images directly in folder={folder!r}: "
            f"{first_few(loose)}"
        )
    # Listing a link to nowhere raises, so that it is not skipped.
    inner = [e for e in entries if e.is_dir() or not os.path.exists(e.path)]
    if not inner:
        raise ValueError(
            f"{_LAYOUT} Received: folder={folder!r} without any sub-folder"
        )
    digest = listing_cache.fingerprint(
        [(entry.name, os.stat(entry.path).st_mtime_ns) for entry in inner]
    )
    kept = listing_cache.read_listing(folder, digest)
    if kept is not None and {"names", "counts"} <= set(kept):
        return _from_listing(folder, inner, kept), digest
    paths_of = {
        entry.name: [
            image.path for image in _visible(entry.path) if _is_image(image)
        ]
        for entry in inner
    }
    without = [identity for identity, paths in paths_of.items() if not paths]
    if without:
        inside = os.path.join(folder, without[0])
        is_nested = any(entry.is_dir() for entry in _visible(inside))
        hint = f". {_LAYOUT} Did you mean folder={inside!r}?"
        raise no_image(folder, without, hint=hint if is_nested else "")
    if sum(map(len, paths_of.values())) >= listing_cache.MIN_IMAGES:
        listing_cache.write_listing(folder, digest, _to_listing(paths_of))
    return paths_of, digest


def no_image(folder, identities, *, hint):
    """The error of identities without an image.

    Args:
        folder: str.
        identities: list of str.
        hint: str, what follows.

    Returns:
        `ValueError`.
    """
    return ValueError(
        "Every identity needs a readable image; repair or remove its "
        f"folder. Received: no readable image in {first_few(identities)} of "
        f"folder={folder!r}{hint}"
    )


def _to_listing(paths_of):
    names = [
        os.path.basename(path) for paths in paths_of.values() for path in paths
    ]
    return {
        "names": listing_cache.pack_names(names),
        "counts": np.array([len(paths) for paths in paths_of.values()]),
    }


def _from_listing(folder, entries, listing):
    names = iter(listing_cache.unpack_names(listing["names"]))
    return {
        entry.name: [
            os.path.join(entry.path, next(names)) for _ in range(count)
        ]
        for entry, count in zip(entries, listing["counts"], strict=True)
    }


def _visible(folder):
    with os.scandir(folder) as entries:
        visible = [e for e in entries if not e.name.startswith(".")]
    return sorted(visible, key=lambda entry: entry.name)


def _is_image(entry):
    # A link to nowhere counts, so that it is reported and not skipped.
    is_file = entry.is_file() or (entry.is_symlink() and not entry.is_dir())
    return is_file and entry.name.lower().endswith(_EXTENSIONS)
