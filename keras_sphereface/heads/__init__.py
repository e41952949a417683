"""Class heads: embeddings and labels to logits and a loss per sample.

A head is a file `*_head.py` with one class; every one is imported here, which
gives it its name in the registry, and is a public name of this folder.
"""

import importlib
import pkgutil

from keras_sphereface.heads.head_outputs import HeadOutputs
from keras_sphereface.heads.hyperparameter import Hyperparameter
from keras_sphereface.heads.registry import (
    defaults,
    get,
    head_class,
    names,
    register,
)

__all__ = [
    "HeadOutputs",
    "Hyperparameter",
    "defaults",
    "get",
    "head_class",
    "names",
    "register",
]

for _module in pkgutil.iter_modules(__path__):
    if _module.name.endswith("_head"):
        _file = importlib.import_module(f"{__name__}.{_module.name}")
        for _name, _value in list(vars(_file).items()):
            if getattr(_value, "__module__", "") == _file.__name__ and (
                _name.endswith("Head")
            ):
                globals()[_name] = _value
                __all__.append(_name)

__all__.sort()
