"""Backbones: scaled images to a feature map.

Every file here is imported, and every function that a file registers is a
public name of this folder.
"""

import typing as _typing
from importlib import import_module as _import_module
from pkgutil import iter_modules as _iter_modules

from keras_sphereface.backbones.checkpointed_model import CheckpointedModel
from keras_sphereface.backbones.edgeface import edgeface
from keras_sphereface.backbones.iresnet import iresnet
from keras_sphereface.backbones.registry import (
    builder_of,
    default_neck,
    get,
    has_batch_norm,
    names,
    register,
)
from keras_sphereface.backbones.sfnet import sfnet
from keras_sphereface.backbones.vit import vit

__all__ = [
    "CheckpointedModel",
    "builder_of",
    "default_neck",
    "edgeface",
    "get",
    "has_batch_norm",
    "iresnet",
    "names",
    "register",
    "sfnet",
    "vit",
]

if _typing.TYPE_CHECKING:  # type checkers do not see the names added below

    def __getattr__(name: str) -> _typing.Any: ...


for _module in _iter_modules(__path__):
    _import_module(f"{__name__}.{_module.name}")
for _name in names():
    globals()[_name] = builder_of(_name)
    __all__.append(_name)

__all__.sort()
