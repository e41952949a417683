"""Heads by name, for configs and flags."""

import keras

from keras_sphereface.contract.registry import Registry

_HEADS = Registry("head")


def register(name, head_class=None):
    """Gives a head a name that `get`, configs and flags know.

    Args:
        name: str, without a colon.
        head_class: subclass of `MarginHead`. Defaults to `None`: a decorator
            comes back.

    Returns:
        `head_class`, or a decorator.

    Example:

    ```python
    @ks.heads.register("linear")
    @keras.saving.register_keras_serializable("my_project")
    class LinearHead(ks.heads.MarginHead):
        ...
    ```
    """
    return _HEADS.register(name, head_class)


def names():
    """Names that `get` knows, sorted.

    Returns:
        List of str.
    """
    return _HEADS.names()


def get(name, num_classes, **kwargs):
    """A head by its name.

    Args:
        name: str, one of `names()`, or `"module:name"` of a head class.
        num_classes: int, number of identities.
        **kwargs: the head's other arguments.

    Returns:
        A `MarginHead`.
    """
    return _HEADS.get(name)(num_classes, **kwargs)


def head_class(name):
    """The class of a head by its name.

    Args:
        name: str, as `get` takes it.

    Returns:
        Subclass of `MarginHead`.
    """
    return _HEADS.get(name)


def defaults(name):
    """The arguments of a head and their defaults, for configs.

    Args:
        name: str, as `get` takes it, of a head that needs `num_classes` alone.

    Returns:
        Dict, without `num_classes` and the arguments of every Keras layer.
    """
    config = get(name, num_classes=2).get_config()
    of_every_layer = keras.layers.Layer().get_config()
    return {
        argument: value
        for argument, value in config.items()
        if argument not in {*of_every_layer, "num_classes"}
    }
