"""Formats of training sets by name."""

from keras_sphereface.contract.registry import Registry

_FORMATS = Registry("data format")
_HOLDS = {}  # Name: whether a path is of the format.


def register(name, opener=None, *, holds=None):
    """Gives a format of training sets a name that `open_faces` knows.

    Args:
        name: str, without a colon.
        opener: class or function of the path, `check_images`, a bool, and
            `image_size`, `(height, width)`, which is there only where it was
            given, to an `EncodedFaces`. Defaults to `None`: a decorator comes
            back.
        holds: function of the path to a bool, whether it is of this format, so
            that nobody need say so. Defaults to `None`: it goes by its name
            alone.

    Returns:
        `opener`, or a decorator.

    Example:

    ```python
    @ks.data.register("zip", holds=lambda path: path.endswith(".zip"))
    class ZipFaces(ks.data.EncodedFaces):
        def __init__(self, path, *, image_size=(112, 112), check_images=True):
            ...
    ```
    """
    if opener is None:
        return lambda opener: register(name, opener, holds=holds)
    _FORMATS.register(name, opener)
    if holds is not None:
        _HOLDS[name] = holds
    return opener


def names():
    """Names that `open_faces` knows, sorted.

    Returns:
        List of str.
    """
    return _FORMATS.names()


def opener_of(path, format=None):
    """What opens a training set.

    Args:
        path: str.
        format: str, one of `names()`, or `"module:name"` of an opener as
            `register` takes it. Defaults to `None`: the one that holds it, and
            `"image_folder"` where none does.

    Returns:
        Class or function to an `EncodedFaces`.
    """
    if format is not None:
        return _FORMATS.get(format)
    found = [name for name in names() if name in _HOLDS and _HOLDS[name](path)]
    return _FORMATS.get(found[0] if found else "image_folder")
