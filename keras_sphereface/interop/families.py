"""Families by name, and by what is in a file."""

import importlib
import pathlib
import pkgutil
from typing import Any, NamedTuple

from keras_sphereface.interop.family import Family
from keras_sphereface.interop.registry import family_names, family_of
from keras_sphereface.interop.weights_errors import WeightsMismatchError

# Each of these files registers its families.
for _module in pkgutil.iter_modules([str(pathlib.Path(__file__).parent)]):
    if _module.name.endswith("_family"):
        importlib.import_module(f"{__package__}.{_module.name}")

# What wraps a network most often; with several in a file, the first of these.
_USUAL_PREFIXES = (
    *("", "model.", "module.", "backbone.", "model.backbone."),
    *("net.", "model.net.", "state_dict_backbone.", "backbone_state."),
    *("state_dict_backbone.module.", "model.module."),
)
# What PyTorch counts batches in, `thop` operations, and an average its steps.
_COUNTERS = {"num_batches_tracked", "total_ops", "total_params", "n_averaged"}
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


def find_network(state, family=None):
    """The network in a state, by the names of its weights.

    Args:
        state: dict of str to array.
        family: str, as `family_of` takes it; `None` finds it by the names.
            Defaults to `None`.

    Returns:
        List of `FoundNetwork`, one for each family that it may be of.
    """
    found = []
    candidates = [
        family_of(name) for name in ([family] if family else family_names())
    ]
    for candidate in candidates:
        prefix = _prefix(state, candidate)
        if prefix is not None:
            inner = {
                name.removeprefix(prefix): array
                for name, array in state.items()
                if name.startswith(prefix)
                and name.rpartition(".")[2] not in _COUNTERS
            }
            found.append(FoundNetwork(candidate, prefix, inner))
    if not found:
        raise WeightsMismatchError(_unknown(state, candidates))
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


def _unknown(state, candidates):
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
            for candidate in candidates
        ),
    ]
    return "\n".join(lines)
