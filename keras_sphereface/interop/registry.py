"""Families of public networks by name."""

from keras_sphereface.contract.registry import Registry
from keras_sphereface.interop.family import Family

_FAMILIES = Registry("family", of=Family)


def register(family):
    """Lets `load_weights` and `import_embedder` know a family of networks.

    Args:
        family: `Family`; its name must not be that of another one.

    Returns:
        `family`.

    Example:

    ```python
    ks.interop.register(
        Family(
            name="my_net",
            signature=("stem.weight", "head.weight"),
            pairs=lambda state: [
                Pair("stem", "stem", "conv"),
                Pair("neck_dense", "head", "dense"),
            ],
            plan=lambda state: NetworkPlan(
                build=my_net,
                embedding_dim=len(state["head.weight"]),
                neck="average",
                batch_norm=False,
                map_places=None,
            ),
        )
    )
    ```
    """
    name = getattr(family, "name", "")
    return _FAMILIES.register(name, family)


def family_names():
    """Names of the families that can be imported, sorted.

    Returns:
        List of str.
    """
    return _FAMILIES.names()


def family_of(name):
    """A family by its name.

    Args:
        name: str, one of `family_names()`, or `"module:name"` of a `Family`.

    Returns:
        `Family`.
    """
    return _FAMILIES.get(name)
