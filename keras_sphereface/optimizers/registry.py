"""Optimizers by name, for configs and flags."""

import inspect

import keras

from keras_sphereface.contract.registry import Registry

_OPTIMIZERS = Registry("Keras optimizer")


def register(name, optimizer_class=None):
    """Gives an optimizer a name that `get`, configs and flags know.

    Keras's own have theirs: the name of the class in lower case.

    Args:
        name: str, without a colon.
        optimizer_class: subclass of `keras.optimizers.Optimizer` that needs a
            learning rate and nothing else. Defaults to `None`: a decorator
            comes back.

    Returns:
        `optimizer_class`, or a decorator.

    Example:

    ```python
    @ks.optimizers.register("sign_sgd")
    @keras.saving.register_keras_serializable("my_project")
    class SignSGD(keras.optimizers.Optimizer):
        ...
    ```
    """
    if optimizer_class is None:
        return lambda optimizer_class: register(name, optimizer_class)
    _check_class(optimizer_class, repr(optimizer_class))
    return _OPTIMIZERS.register(name, optimizer_class)


def names():
    """Names that `get` knows, sorted.

    Returns:
        List of str.
    """
    return _OPTIMIZERS.names()


def get(name, learning_rate, **kwargs):
    """An optimizer by its name.

    Args:
        name: str, one of `names()`, or `"module:name"` of an optimizer class.
            Keras's may be written in any case and with underscores: `"AdamW"`,
            `"schedule_free_adamw"`.
        learning_rate: float or `keras.optimizers.schedules
            .LearningRateSchedule`.
        **kwargs: the optimizer's other arguments.

    Returns:
        `keras.optimizers.Optimizer`.
    """
    return optimizer_class(name)(learning_rate=learning_rate, **kwargs)


def optimizer_class(name):
    """The class of an optimizer by its name.

    Args:
        name: str, as `get` takes it.

    Returns:
        Subclass of `keras.optimizers.Optimizer`.
    """
    found = _OPTIMIZERS.get(plain_name(name))
    _check_class(found, f"name={name!r}, which is {found!r}")
    return found


def plain_name(name):
    """The name under which `names()` has an optimizer.

    Args:
        name: str, as `get` takes it.

    Returns:
        Str: `"adamw"` for `"AdamW"`, any other name as it is.
    """
    if name in names() or not isinstance(name, str):
        return name
    plain = name.replace("_", "").lower()
    return plain if plain in names() else name


def defaults(name):
    """The arguments of an optimizer and their defaults, for configs.

    No optimizer is made: that would start the devices.

    Args:
        name: str, as `get` takes it.

    Returns:
        Dict: `learning_rate`, `None` where the class has no number;
        `weight_decay`, 0 where it has none; and the arguments that are its
        own, not those of every Keras optimizer.
    """
    found = _parameters(optimizer_class(name))
    rate, decay = (
        found[argument].default
        for argument in ("learning_rate", "weight_decay")
    )
    return {
        "learning_rate": rate if isinstance(rate, float) else None,
        "weight_decay": decay if isinstance(decay, float) else 0.0,
        **{
            argument: parameter.default
            for argument, parameter in found.items()
            if argument not in _OF_EVERY_OPTIMIZER
        },
    }


def _check_class(thing, received):
    is_class = isinstance(thing, type) and issubclass(
        thing, keras.optimizers.Optimizer
    )
    if not is_class or not _is_complete(thing):
        raise ValueError(
            "An optimizer must be a subclass of keras.optimizers.Optimizer "
            "that needs a learning rate and nothing else, and takes what every "
            f"Keras optimizer takes. Received: {received}"
        )


def _is_complete(optimizer_class):
    found = _parameters(optimizer_class)
    needed = {
        argument
        for argument, parameter in found.items()
        if parameter.default is inspect.Parameter.empty
    }
    return needed <= {"learning_rate"} and _OF_EVERY_OPTIMIZER.issubset(found)


def _parameters(optimizer_class):
    """Arguments of a constructor, with those that its `**kwargs` pass on."""
    found = {}
    for ancestor in optimizer_class.__mro__:
        if "__init__" not in vars(ancestor):
            continue
        _, *parameters = inspect.signature(
            ancestor.__init__
        ).parameters.values()
        kinds = {parameter.kind for parameter in parameters}
        for parameter in parameters:
            if parameter.kind not in (
                parameter.VAR_POSITIONAL,
                parameter.VAR_KEYWORD,
            ):
                found.setdefault(parameter.name, parameter)
        if inspect.Parameter.VAR_KEYWORD not in kinds:
            break
    return found


_OF_EVERY_OPTIMIZER = frozenset(_parameters(keras.optimizers.Optimizer))

for _class in vars(keras.optimizers).values():
    # All but the base class, and those around another optimizer.
    if (
        isinstance(_class, type)
        and issubclass(_class, keras.optimizers.Optimizer)
        and _class is not keras.optimizers.Optimizer
        and _is_complete(_class)
    ):
        register(_class.__name__.lower(), _class)
