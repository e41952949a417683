"""A check that all parts of a config need."""

from keras_sphereface.contract.arguments import check_integer


def check_counts(config, **at_least):
    """Makes ints of settings that count, or raises a `ValueError`.

    Args:
        config: frozen dataclass, in its `__post_init__`.
        **at_least: the lowest right value of each setting, by its name.
    """
    for name, least in at_least.items():
        count = check_integer(name, getattr(config, name), at_least=least)
        object.__setattr__(config, name, count)
