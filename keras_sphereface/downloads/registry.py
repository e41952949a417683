"""Public files by name."""

from importlib import resources

import tomllib

from keras_sphereface.contract.registry import Registry
from keras_sphereface.downloads.public_file import PublicFile

_FILES = Registry("public file", of=PublicFile)


def register(name: str, file: PublicFile) -> PublicFile:
    """Lets `pretrained` and `pretrained_file` know a file.

    Args:
        name: str, not that of another one; a folder of the cache is called so.
        file: `PublicFile`.

    Returns:
        `file`.
    """
    if not isinstance(name, str) or not name.isidentifier():
        raise ValueError(
            "`name` must be a word of letters, digits and _. "
            f"Received: name={name!r}"
        )
    return _FILES.register(name, file)


def names(kind: str | None = None) -> list[str]:
    """Names of the public files, sorted.

    Args:
        kind: `"network"` or `"detector"`. Defaults to `None`, all.

    Returns:
        List of str.
    """
    return [
        name
        for name in _FILES.names()
        if kind is None or _FILES.get(name).kind == kind
    ]


def get(name: str) -> PublicFile:
    """What is known of a public file.

    Args:
        name: str, one of `names()`.

    Returns:
        `PublicFile`.
    """
    if name not in _FILES.names():
        raise ValueError(
            f"`name` must be one of {names()}, or one that was given to "
            f"`downloads.register`. Received: name={name!r}"
        )
    return _FILES.get(name)


def _register_own() -> None:
    folder = resources.files("keras_sphereface.downloads")
    text = (folder / "public_files.toml").read_text("utf-8")
    for name, entry in tomllib.loads(text).items():
        register(name, PublicFile(**entry))


_register_own()
