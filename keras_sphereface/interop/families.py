"""Families by name, and by what is in a file."""

from typing import Any, NamedTuple

from keras_sphereface.interop.adaface_family import ADAFACE
from keras_sphereface.interop.edgeface_family import EDGEFACE
from keras_sphereface.interop.family import Family
from keras_sphereface.interop.iresnet_family import INSIGHTFACE_IRESNET
from keras_sphereface.interop.mobilefacenet_family import MOBILEFACENET_FAMILIES
from keras_sphereface.interop.sfnet_family import (
    OPENSPHERE_SFNET,
    OPENSPHERE_SFNET_DEPRECATED,
)
from keras_sphereface.interop.weights_errors import WeightsMismatchError

_FAMILIES = {
    family.name: family
    for family in (
        OPENSPHERE_SFNET,
        OPENSPHERE_SFNET_DEPRECATED,
        INSIGHTFACE_IRESNET,
        ADAFACE,
        *MOBILEFACENET_FAMILIES,
        EDGEFACE,
    )
}
# What wraps a network most often; with several in a file, the first of these.
_USUAL_PREFIXES = (
    *("", "model.", "module.", "backbone.", "model.backbone."),
    *("net.", "model.net.", "state_dict_backbone.", "backbone_state."),
    *("state_dict_backbone.module.", "model.module."),
)
_SHOWN_NAMES = 30


class FoundNetwork(NamedTuple):
    """A network of a known family in a file.

    Attributes:
        family: `Family`.
        prefix: str, before the names of its weights in the file.
        state: dict of arrays without the prefix, and without counters.
    """

    family: Family
    prefix: str
    state: Any


def family_names():
    """Names of the families that can be imported.

    Returns:
        List of str.
    """
    return list(_FAMILIES)


def find_network(state, family=None):
    """The network in a state, by the names of its weights.

    Args:
        state: dict of str to array.
        family: str, one of `family_names()`; `None` finds it by the names.
            Defaults to `None`.

    Returns:
        List of `FoundNetwork`, one for each family that it may be of.
    """
    if family is not None and family not in _FAMILIES:
        raise ValueError(
            f"`family` must be one of {family_names()}. "
            f"Received: family={family!r}"
        )
    found = []
    for candidate in [_FAMILIES[family]] if family else _FAMILIES.values():
        prefix = _prefix(state, candidate)
        if prefix is not None:
            inner = {
                name.removeprefix(prefix): array
                for name, array in state.items()
                if name.startswith(prefix)
                and not name.endswith("num_batches_tracked")
            }
            found.append(FoundNetwork(candidate, prefix, inner))
    if not found:
        raise WeightsMismatchError(_unknown(state, family))
    return found


def _prefix(state, family):
    first = family.signature[0]
    prefixes = [
        prefix
        for prefix in (
            name.removesuffix(first) for name in state if name.endswith(first)
        )
        if (not prefix or prefix.endswith("."))
        and all(f"{prefix}{name}" in state for name in family.signature)
        and not any(f"{prefix}{name}" in state for name in family.foreign)
    ]
    usual = [prefix for prefix in _USUAL_PREFIXES if prefix in prefixes]
    if usual or len(prefixes) == 1:
        return (usual or prefixes)[0]
    return None


def _unknown(state, family):
    wanted = [_FAMILIES[family]] if family else _FAMILIES.values()
    lines = [
        "The file must hold a network of a known family. It has "
        f"{len(state)} weights:",
        *(
            f"  {name[:70]}  {tuple(array.shape)}"
            for name, array in list(state.items())[:_SHOWN_NAMES]
        ),
        *["  ..."] * (len(state) > _SHOWN_NAMES),
        "Missing, after any one prefix:",
        *(
            f"  {candidate.name}: "
            + ", ".join(
                name
                for name in candidate.signature
                if not any(key.endswith(name) for key in state)
            )
            for candidate in wanted
        ),
    ]
    return "\n".join(lines)
