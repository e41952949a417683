"""The images of a folder with one sub-folder per identity."""

import os

import numpy as np

from keras_sphereface.contract.image_policy import has_image_name, why_left_out
from keras_sphereface.data import listing_cache
from keras_sphereface.data.encoded_faces import first_few

_FOLDER = "a folder in an identity, whose images are not read"
_LISTED = ("names", "counts", "left_out", "reasons")
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
    """The images of every identity, and what else stands beside them.

    A file with the name of an image is taken for one and not opened; one of
    another name is if its first bytes say so. Hidden files do not count.

    A listing of 10,000 images or more is kept in the user's cache folder and
    read from there as long as no entry was added to, removed from or renamed
    in the folder and its sub-folders.

    Args:
        folder: str, path of the folder.

    Returns:
        `(paths_of, left_out, digest)`: dict of identity to its paths, both in
        the order of their names; dict of other paths to why they are no
        images; and a `listing_cache.fingerprint` of the folders.
    """
    entries = _visible(folder)
    loose = [
        entry.name
        for entry in entries
        if _is_file(entry) and has_image_name(entry.name)
    ]
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
    if kept is not None and set(_LISTED) <= set(kept):
        return *_from_listing(folder, inner, kept), digest
    paths_of, left_out = {}, {}
    for identity in inner:
        paths_of[identity.name] = paths = []
        for entry in _visible(identity.path):
            if not _is_file(entry):
                left_out[entry.path] = _FOLDER
            elif reason := why_left_out(entry.path):
                left_out[entry.path] = reason
            else:
                paths.append(entry.path)
    without = [identity for identity, paths in paths_of.items() if not paths]
    if without:
        inside = os.path.join(folder, without[0])
        hint = ""
        if any(entry.is_dir() for entry in _visible(inside)):
            hint = f". {_LAYOUT} Did you mean folder={inside!r}?"
        elif found := [
            f"{os.path.relpath(path, folder)} ({left_out[path]})"
            for path in left_out
            if os.path.dirname(path) == inside
        ]:
            hint = f": {first_few(found)}"
        raise no_image(folder, without, hint=hint)
    if sum(map(len, paths_of.values())) >= listing_cache.MIN_IMAGES:
        listing = _to_listing(folder, paths_of, left_out)
        listing_cache.write_listing(folder, digest, listing)
    return paths_of, left_out, digest


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


def _to_listing(folder, paths_of, left_out):
    names = [
        os.path.basename(path) for paths in paths_of.values() for path in paths
    ]
    return {
        "names": listing_cache.pack_names(names),
        "counts": np.array([len(paths) for paths in paths_of.values()]),
        "left_out": listing_cache.pack_names(
            os.path.relpath(path, folder) for path in left_out
        ),
        "reasons": listing_cache.pack_names(left_out.values()),
    }


def _from_listing(folder, entries, listing):
    names = iter(listing_cache.unpack_names(listing["names"]))
    paths_of = {
        entry.name: [
            os.path.join(entry.path, next(names)) for _ in range(count)
        ]
        for entry, count in zip(entries, listing["counts"], strict=True)
    }
    others = listing_cache.unpack_names(listing["left_out"])
    reasons = listing_cache.unpack_names(listing["reasons"])
    left_out = {
        os.path.join(folder, name): reason
        for name, reason in zip(others, reasons, strict=True)
    }
    return paths_of, left_out


def _visible(folder):
    with os.scandir(folder) as entries:
        visible = [e for e in entries if not e.name.startswith(".")]
    return sorted(visible, key=lambda entry: entry.name)


def _is_file(entry):
    # A link to nowhere counts, so that it is reported and not skipped.
    return entry.is_file() or (entry.is_symlink() and not entry.is_dir())
