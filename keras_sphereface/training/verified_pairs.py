"""The files of pairs of a run, by the name of the set."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from keras_sphereface.contract.arguments import check_choice
from keras_sphereface.pairs import has_own_images


class VerifiedPairs(NamedTuple):
    """Where the pairs of a set are.

    Attributes:
        path: str, the file, or CFP's folder.
        root: str, the folder of its images, or `None`.
    """

    path: str
    root: str | None


def verified_pairs(pairs, pairs_root=None, main_pairs=None):
    """The pairs of a run, the main set first.

    Args:
        pairs: `DataConfig.pairs`: a file, which is called by its whole name;
            several, which are called by theirs without the suffix; or a dict
            of files by name.
        pairs_root: `DataConfig.pairs_root`, a folder or a dict of them.
            Defaults to `None`.
        main_pairs: str, a name, or `None` for the first. Defaults to `None`.

    Returns:
        Dict of `VerifiedPairs`; empty without pairs.
    """
    files = _by_name(pairs)
    roots = _roots(files, pairs_root)
    if (pairs_root is not None and not files) or any(
        roots[name] is None and not has_own_images(path)
        for name, path in files.items()
    ):
        raise ValueError(
            "`pairs` and `pairs_root` belong together: the file, and the "
            f"folder of its images. Received: pairs={pairs!r}, "
            f"pairs_root={pairs_root!r}"
        )
    if main_pairs is not None:
        check_choice("main_pairs", main_pairs, files)
    # Sorting keeps the order of the others.
    ordered = sorted(files, key=lambda name: name != main_pairs)
    return {name: VerifiedPairs(files[name], roots[name]) for name in ordered}


def _by_name(pairs):
    if pairs is None:
        return {}
    if isinstance(pairs, Mapping):
        names, paths = list(pairs), list(pairs.values())
    else:
        paths = list(pairs) if isinstance(pairs, tuple | list) else [pairs]
        names = [path for path in paths if isinstance(path, str)]
        if names == [pairs]:
            names = [Path(pairs).name]
        else:
            names = [Path(name).stem for name in names]
    are_texts = all(isinstance(one, str) and one for one in (*names, *paths))
    if not are_texts or len(set(names)) < len(paths):
        raise ValueError(
            "`pairs` must be a path, several of different file names, or a "
            f"dict of paths by name. Received: pairs={pairs!r}"
        )
    return dict(zip(names, paths, strict=True))


def _roots(files, pairs_root):
    if isinstance(pairs_root, Mapping):
        for name in pairs_root:
            check_choice(
                "pairs_root",
                name,
                files,
                reason="is a dict by the name of the pairs, which",
            )
        return {name: pairs_root.get(name) for name in files}
    alone = len(files) == 1
    return {
        name: pairs_root if alone or not has_own_images(path) else None
        for name, path in files.items()
    }
