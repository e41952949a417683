"""Heads by name, for configs and flags."""

from keras_sphereface.heads.spherefacer_head import SphereFaceRHead

_HEADS = {"spherefacer": SphereFaceRHead}


def names():
    """Names that `get` knows, sorted.

    Returns:
        List of str.
    """
    return sorted(_HEADS)


def get(name, num_classes, **kwargs):
    """A head by its name.

    Args:
        name: str, one of `names()`.
        num_classes: int, number of identities.
        **kwargs: the head's other arguments.

    Returns:
        A `MarginHead`.
    """
    if name not in _HEADS:
        raise ValueError(
            f"`name` must be one of {names()}. Received: name={name!r}"
        )
    return _HEADS[name](num_classes, **kwargs)
