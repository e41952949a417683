"""Formats of files of pairs by their suffix."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, overload

from keras_sphereface.contract.registry import Registry

# From the paths of a file and of its folder of images to what `PairSet` takes.
Reader = Callable[[Any, Any], dict[str, Any]]
_Read = TypeVar("_Read", bound=Reader)

_FORMATS = Registry("pair format")
# How files begin that are known under any name, and the suffix they stand for.
_STARTS = {
    **{bytes([0x80, protocol]): ".bin" for protocol in range(2, 6)},
    b"MATLAB 5.0 MAT-file": ".mat",
    b"MATLAB 7.3 MAT-file": ".mat",
}
_START_BYTES = max(map(len, _STARTS))
# Suffixes of files that need no folder of images beside them.
_HAVE_IMAGES: set[str] = set()


@overload
def register(
    suffix: str, *, has_images: bool = False
) -> Callable[[_Read], _Read]: ...


@overload
def register(
    suffix: str, read: _Read, *, has_images: bool = False
) -> _Read: ...


def register(
    suffix: str, read: Reader | None = None, *, has_images: bool = False
) -> Any:
    """Gives files of pairs with a suffix their reader.

    `PairSet.from_file`, tools and configs then read them.

    Args:
        suffix: str, `".tsv"`.
        read: function from the path of the file and the folder of the images
            that it names, or `None`, to a dict, the arguments of `PairSet`.
            Defaults to `None`: a decorator comes back.
        has_images: bool, whether the file holds its images, or says where they
            are; the folder may then be left out. Defaults to `False`.

    Returns:
        `read`, or a decorator.

    Example:

    ```python
    @ks.pairs.register(".json", has_images=True)
    def read_json_pairs(path, root):
        content = json.loads(Path(path).read_text())
        return {name: content[name] for name in ("images", "index_a", ...)}
    ```
    """
    if read is None:
        return lambda read: register(suffix, read, has_images=has_images)
    if not isinstance(suffix, str) or not suffix.startswith("."):
        raise ValueError(
            "`suffix` must be the end of a file name, such as '.tsv'. "
            f"Received: suffix={suffix!r}"
        )
    _FORMATS.register(suffix, read)
    if has_images:
        _HAVE_IMAGES.add(suffix)
    return read


def names() -> list[str]:
    """Suffixes that have a reader, sorted; other files are text.

    Returns:
        List of str.
    """
    return _FORMATS.names()


def reader_of(path: str | os.PathLike) -> Reader | None:
    """The reader of a file's suffix, or of what it begins with.

    Args:
        path: path of the file.

    Returns:
        Function of `path` and `root`, or `None` for text.
    """
    suffix = _suffix_of(path)
    return _FORMATS.get(suffix) if suffix in names() else None


def has_own_images(path: str | os.PathLike) -> bool:
    """Whether a file of pairs needs no folder of images beside it.

    Args:
        path: path of the file or folder.

    Returns:
        bool.
    """
    return _suffix_of(path) in _HAVE_IMAGES or Path(path).is_dir()


def _suffix_of(path: str | os.PathLike) -> str:
    """The suffix of a file; if none reads it, that of what it begins with."""
    suffix = Path(path).suffix
    if suffix in names() or not Path(path).is_file():
        return suffix
    with open(path, "rb") as file:
        start = file.read(_START_BYTES)
    known = [one for mark, one in _STARTS.items() if start.startswith(mark)]
    return known[0] if known else suffix
