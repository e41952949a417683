"""Class heads: embeddings and labels to logits and a loss per sample.

A head is a file `*_head.py` with one class; every one is imported here, which
gives it its name in the registry, and is a public name of this folder.
"""

import typing as _typing
from importlib import import_module as _import_module
from pkgutil import iter_modules as _iter_modules

from keras_sphereface.heads.embedding_bank import EmbeddingBank
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
    "EmbeddingBank",
    "HeadOutputs",
    "Hyperparameter",
    "defaults",
    "get",
    "head_class",
    "names",
    "register",
]

if _typing.TYPE_CHECKING:  # type checkers do not see the names added below

    def __getattr__(name: str) -> _typing.Any: ...


for _module in _iter_modules(__path__):
    if _module.name.endswith("_head"):
        _file = _import_module(f"{__name__}.{_module.name}")
        for _name, _value in list(vars(_file).items()):
            if getattr(_value, "__module__", "") == _file.__name__ and (
                _name.endswith("Head")
            ):
                globals()[_name] = _value
                __all__.append(_name)

__all__.sort()
